import type { Runner, RunRequest } from '../contract.ts';
import type { FailedProgram } from './failure-record.ts';
import type { FixSubject } from './fix-subject.ts';
import type { FixTask } from './fix-types.ts';
import { secretHider, secretValues } from './hide-secrets.ts';
import { failureOf, type RunCheck, runOnce, type SeenRun, verifyByRuns } from './verify-by-runs.ts';

/** What a failed run is made ready with. */
export interface RunSubjectParts {
  readonly runner: Runner;
  readonly program: FailedProgram & { readonly run: Omit<RunRequest, 'environment'> };
  readonly environment: Readonly<Record<string, string>>;
  /** What whoever asked for the fix wants to hold besides. */
  readonly checks: readonly RunCheck[];
}

/** Makes a failed run ready to be fixed. */
export function runSubject({ runner, program, environment, checks }: RunSubjectParts): FixSubject {
  const { run, regressions = [] } = program;
  const { requestId: _, tests: __, ...rest } = run;
  const hide = secretHider(secretValues(environment));
  const base: RunRequest = { ...rest, environment, network: { mode: 'denied' } };
  const paths = run.files.map(({ path }) => path);
  const own: { verify?: FixTask['verify'] } = {};
  const failure = (seen: SeenRun, check: Pick<RunCheck, 'expect'> = { expect: {} }): ReturnType<typeof failureOf> =>
    failureOf(seen, check, { paths, hide });
  return {
    files: run.files,
    purpose: purposeOf(run),
    secrets: secretValues(environment),
    async reproduce() {
      const seen = await runOnce(runner, base);
      if ('reason' in seen) return { kind: 'broken', reason: seen.reason };
      let failed = failure(seen);
      const steady = await steadyChecks(runner, base, regressions);
      if ('reason' in steady) return { kind: 'broken', reason: steady.reason };
      own.verify = verifyByRuns(runner, { base, checks: [...steady, ...checks], hide });
      for (const check of checks) {
        if (failed) break;
        // The run itself is fine, and something that was asked for besides is not.
        const tried = await verifyByRuns(runner, { base, checks: [check], hide })(base.files, noAttempt);
        if (tried.kind === 'failed')
          failed = tried.isHidden ? { ...tried.failure, stdoutTail: '', stderrTail: '' } : tried.failure;
      }
      return failed ? { kind: 'failed', failure: failed } : { kind: 'passed' };
    },
    verify(files, attempt) {
      const verify = own.verify ?? verifyByRuns(runner, { base, checks, hide });
      return verify(files, attempt);
    },
    adopt({ attempts }) {
      return Promise.resolve({ runId: attempts.at(-1)?.checks[0]?.runId ?? null, version: null, detail: null });
    },
  };
}

const noAttempt = { number: 0, requestId: undefined } as const;

/** Earlier inputs whose output is the same each time; of the others only that they are taken. */
async function steadyChecks(
  runner: Runner,
  base: RunRequest,
  regressions: readonly RunCheck[],
): Promise<readonly RunCheck[] | { readonly reason: string }> {
  const kept: RunCheck[] = [];
  for (const check of regressions) {
    const { stdin: _, ...rest } = base;
    const request = { ...rest, arguments: check.arguments ?? [], ...(check.stdin && { stdin: check.stdin }) };
    const seen = await runOnce(runner, request);
    // What could not be tried is not left out: a patch would be taken that was never held against it.
    if ('reason' in seen) return seen;
    const isUnsteady = seen.receipt.status === 'succeeded' && seen.stdoutDigest !== check.expect.stdoutDigest;
    kept.push(isUnsteady ? { ...check, expect: {} } : check);
  }
  return kept;
}

function purposeOf({
  language,
  entry,
  command,
  arguments: given = [],
  files,
}: Omit<RunRequest, 'environment'>): string {
  const started = command ? command.join(' ') : `${entry ?? files[0]?.path ?? ''}`;
  return `a program in ${language}, run as: ${[started, ...given].join(' ').slice(0, 2000)}`;
}
