import { hash } from 'node:crypto';
import type { LimitHit, Receipt } from '../contract.ts';
import { guestHome } from '../workspaces/guest-root.ts';
import type { FailureReport, StackFrame } from './fix-types.ts';

/** Of what a program wrote, its end tells most. */
export const keptTailBytes = 8 * 1024;

const mostFrames = 20;

/** What a failure report is made of. */
export interface FailureParts {
  readonly status: FailureReport['status'];
  readonly exit: FailureReport['exit'];
  readonly limitsHit: readonly LimitHit[];
  readonly stdout: Uint8Array | string;
  readonly stderr: Uint8Array | string;
  /** Own files, of which places are picked out. */
  readonly paths: readonly string[];
  hide(text: string): string;
}

/** Makes the bounded record of a failure out of what was seen. */
export function failureReport({ status, exit, limitsHit, stdout, stderr, paths, hide }: FailureParts): FailureReport {
  const stderrTail = tailOf(hide(textOf(stderr)));
  const stdoutTail = tailOf(hide(textOf(stdout)));
  const frames = framesIn(`${stdoutTail}\n${stderrTail}`, paths);
  return { status, exit, limitsHit, stdoutTail, stderrTail, frames };
}

/** Which failure a receipt tells of; undefined when the code is not to blame. */
export function failedStatus({ status }: Pick<Receipt, 'status'>): FailureReport['status'] | undefined {
  return status === 'failed' || status === 'limit' || status === 'build_failed' ? status : undefined;
}

/**
 * What makes two failures the same one: how it ended, where, and the last line of its error without what differs from
 * run to run (numbers, addresses, quoted values).
 */
export function errorSignature({ status, exit, limitsHit, stderrTail, stdoutTail, frames }: FailureReport): string {
  const said = stderrTail.trim() === '' ? stdoutTail : stderrTail;
  const last = said.trim().split('\n').at(-1) ?? '';
  const steady = last.replace(/0x[0-9a-f]+|\d+/gi, '#').replace(/(["'`]).*?\1/g, '$1$1');
  const limits = limitsHit.map(({ name }) => name).sort();
  const place = frames.at(-1);
  const parts = [status, exit.code, exit.signal, limits, steady.slice(0, 500), place?.path ?? null];
  return hash('sha256', JSON.stringify(parts)).slice(0, 32);
}

function textOf(bytes: Uint8Array | string): string {
  return typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('utf8');
}

/** The last bytes of a text, from a whole character on. */
function tailOf(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= keptTailBytes) return text;
  return bytes
    .subarray(-keptTailBytes)
    .toString('utf8')
    .replace(/^\uFFFD+/, '');
}

/** Python says `File "x", line 3`, JavaScript `(/home/user/x.js:3:5)`, shells `x.sh: line 3:`. */
function framesIn(text: string, paths: readonly string[]): StackFrame[] {
  const own = new Set(paths);
  const found: StackFrame[] = [];
  const places =
    /File "([^"\n]{1,400})", line (\d{1,7})|([^\s()"'<>:]{1,400}): ?line (\d{1,7}):|([^\s()"'<>]{1,400}?):(\d{1,7})(?::\d{1,7})?\)?/g;
  for (const [, python, pythonLine, shell, shellLine, script, scriptLine] of text.matchAll(places)) {
    const path = ownPath(python ?? shell ?? script ?? '');
    if (own.has(path)) found.push({ path, line: Number(pythonLine ?? shellLine ?? scriptLine) });
  }
  const distinct = found.filter(
    ({ path, line }, index) => found.findIndex((one) => one.path === path && one.line === line) === index,
  );
  return distinct.slice(-mostFrames);
}

function ownPath(named: string): string {
  return named
    .replace(/^file:\/\//, '')
    .replace(`${guestHome}/`, '')
    .replace(/^\.\//, '');
}
