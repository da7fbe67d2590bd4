import { hash } from 'node:crypto';
import { Fault } from '../../domain/faults/fault.ts';
import type { GuestFile, Receipt, Runner, RunRequest } from '../contract.ts';
import { failedStatus, failureReport, keptTailBytes } from './failure-report.ts';
import type { CheckResult, FailureReport, FixTask, FixVerdict } from './fix-types.ts';

/** Something a program must do besides not failing any more. */
export interface RunCheck {
  readonly name: string;
  /** Never shown to the fixer, nor what it said. */
  readonly isHidden: boolean;
  /** What differs from the failing run: other input, another command, files of tests. */
  readonly arguments?: readonly string[];
  readonly stdin?: Uint8Array;
  readonly entry?: string;
  readonly command?: readonly [string, ...string[]];
  /** Written over the program's own: a patch cannot stand in their place. */
  readonly files?: readonly GuestFile[];
  readonly expect: {
    /** 0 when absent. */
    readonly exitCode?: number;
    /** Whole standard output, but for white space at its end. */
    readonly stdout?: string;
    /** The same by digest: inputs of earlier runs are kept so. */
    readonly stdoutDigest?: string;
  };
}

/** What a run showed. */
export interface SeenRun {
  readonly receipt: Receipt;
  readonly stdoutDigest: string;
  readonly stdoutText: string;
  readonly stdoutTail: Buffer;
  readonly stderrTail: Buffer;
}

/** A program with what it must do. */
export interface VerifiedProgram {
  /** The run that failed; its files are replaced by the patched ones. */
  readonly base: RunRequest;
  readonly checks: readonly RunCheck[];
  hide(text: string): string;
}

/** Output that is compared is kept up to here. */
const mostComparedBytes = 1024 * 1024;

/** Digest of an output as checks compare it: without the white space at its end. */
export function outputDigest(text: string): string {
  return hash('sha256', text.trimEnd());
}

/**
 * Makes what tries a patched program: the very run that failed, then every check, each in a sandbox of its own with no
 * network. The first thing that fails ends it.
 */
export function verifyByRuns(runner: Runner, { base, checks, hide }: VerifiedProgram): FixTask['verify'] {
  return async (files, { requestId }) => {
    const results: CheckResult[] = [];
    const own = { ...base, files, network: { mode: 'denied' } as const };
    const wanted: RunCheck[] = [{ name: 'the same inputs', isHidden: false, expect: {} }, ...checks];
    for (const [index, check] of wanted.entries()) {
      const request = index === 0 ? { ...own, ...(requestId !== undefined && { requestId }) } : requestOf(own, check);
      const seen = await runOnce(runner, request);
      if ('reason' in seen) return { kind: 'broken', reason: seen.reason };
      const { runId } = seen.receipt;
      const failure = failureOf(seen, check, { paths: files.map(({ path }) => path), hide });
      results.push({ name: check.name, isHidden: check.isHidden, hasPassed: failure === undefined, runId });
      if (failure) return { kind: 'failed', checks: results, failure, isHidden: check.isHidden } satisfies FixVerdict;
    }
    return { kind: 'passed', checks: results };
  };
}

/** Runs a request to its end; the reason when the sandbox, and not the program, failed. */
export async function runOnce(runner: Runner, request: RunRequest): Promise<SeenRun | { readonly reason: string }> {
  const kept = { stdout: new OutputTail(mostComparedBytes), stderr: new OutputTail(keptTailBytes) };
  try {
    const running = await runner.run(request);
    for await (const event of running.events()) {
      if (event.type === 'stdout' || event.type === 'stderr') kept[event.type].add(event.bytes);
      if (event.type !== 'receipt') continue;
      const { receipt } = event;
      if (receipt.status === 'broken' || receipt.status === 'cancelled') {
        return { reason: kept.stderr.bytes().toString('utf8').trim().slice(-500) || receipt.status };
      }
      const stdout = kept.stdout.bytes();
      const stdoutText = stdout.toString('utf8');
      return {
        receipt,
        stdoutText,
        stdoutDigest: outputDigest(stdoutText),
        stdoutTail: stdout.subarray(-keptTailBytes),
        stderrTail: kept.stderr.bytes(),
      };
    }
    return { reason: 'the run ended without a receipt' };
  } catch (error) {
    return { reason: Fault.is(error) ? error.message : 'the sandbox broke' };
  }
}

/** How a run failed what was expected of it; undefined when it did not. */
export function failureOf(
  { receipt, stdoutDigest, stdoutText, stdoutTail, stderrTail }: SeenRun,
  { expect: { exitCode = 0, stdout, stdoutDigest: digest } }: Pick<RunCheck, 'expect'>,
  { paths, hide }: { readonly paths: readonly string[]; hide(text: string): string },
): FailureReport | undefined {
  const { exit, limitsHit } = receipt;
  const parts = { exit, limitsHit, stdout: stdoutTail, paths, hide };
  const status = failedStatus(receipt);
  const hasEnded = status === undefined || status === 'failed';
  if (!hasEnded || exit.code !== exitCode) {
    return failureReport({ ...parts, status: status ?? 'failed', stderr: stderrTail });
  }
  const isRight =
    (stdout === undefined || stdout.trimEnd() === stdoutText.trimEnd()) &&
    (digest === undefined || digest === stdoutDigest);
  if (isRight) return undefined;
  return failureReport({ ...parts, status: 'failed', stderr: 'switchyard: the output is not what was expected' });
}

function requestOf(own: RunRequest, check: RunCheck): RunRequest {
  const { entry: _, command: __, arguments: ___, stdin: ____, requestId: _____, ...rest } = own;
  const command = check.command ?? (check.entry === undefined ? own.command : undefined);
  const entry = check.entry ?? own.entry ?? own.files[0]?.path;
  const over = check.files ?? [];
  const stdin = check.stdin ?? own.stdin;
  return {
    ...rest,
    files: [...own.files.filter(({ path }) => over.every((one) => one.path !== path)), ...over],
    arguments: check.arguments ?? own.arguments ?? [],
    ...(command ? { command } : entry !== undefined && { entry }),
    ...(stdin && { stdin }),
  };
}

/** The last bytes of a stream, in bounded memory. */
export class OutputTail {
  readonly #most: number;
  readonly #chunks: Buffer[] = [];
  #sizeBytes = 0;

  constructor(most: number) {
    this.#most = most;
  }

  add(bytes: Uint8Array): void {
    this.#chunks.push(Buffer.from(bytes));
    this.#sizeBytes += bytes.length;
    while (this.#sizeBytes - (this.#chunks[0]?.length ?? 0) >= this.#most) {
      this.#sizeBytes -= this.#chunks.shift()?.length ?? 0;
    }
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks).subarray(-this.#most);
  }
}
