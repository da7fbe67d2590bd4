import { hash } from 'node:crypto';
import type { RunRequest } from '../contract.ts';
import type { RunCheck, SeenRun } from './verify-by-runs.ts';

const mostPrograms = 500;
const mostInputs = 8;
const mostStdinBytes = 64 * 1024;
const mostProgramBytes = 1024 * 1024;

/**
 * Inputs that programs took well lately, by the very program of a customer: when it fails on another one, its fix must still take
 * these. In memory, bounded.
 */
export class PassedInputs {
  readonly #programs = new Map<string, RunCheck[]>();

  note(request: RunRequest, { stdoutDigest }: Pick<SeenRun, 'stdoutDigest'>): void {
    const program = programDigest(request);
    const { stdin, arguments: given = [] } = request;
    if (program === undefined || (stdin?.length ?? 0) > mostStdinBytes) return;
    const name = `an earlier input ${inputDigest(request).slice(0, 8)}`;
    const known = (this.#programs.get(program) ?? []).filter((one) => one.name !== name);
    const check: RunCheck = {
      name,
      // Shown, an input could be answered by heart.
      isHidden: true,
      arguments: given,
      // Without one it is none, not that of the run that failed.
      stdin: Buffer.from(stdin ?? []),
      expect: { stdoutDigest },
    };
    this.#programs.delete(program);
    this.#programs.set(program, [...known, check].slice(-mostInputs));
    if (this.#programs.size > mostPrograms) this.#programs.delete(this.#programs.keys().next().value ?? '');
  }

  of(request: RunRequest): readonly RunCheck[] {
    const program = programDigest(request);
    return (program !== undefined && this.#programs.get(program)) || [];
  }
}

/** What stays the same when only the input differs; inputs are kept with a failure, so never those of another customer. */
function programDigest({ customer, language, entry, command, files }: RunRequest): string | undefined {
  if (files.reduce((sum, { bytes }) => sum + bytes.length, 0) > mostProgramBytes) return undefined;
  const digests = files.map(({ path, bytes }) => [path, hash('sha256', bytes)]);
  return hash('sha256', JSON.stringify([customer ?? null, language, entry ?? null, command ?? null, digests]));
}

function inputDigest({ stdin, arguments: given = [] }: RunRequest): string {
  return hash('sha256', JSON.stringify([given, stdin === undefined ? null : hash('sha256', stdin)]));
}
