import type { Receipt, RunEvent, Runner, RunRequest } from '../contract.ts';
import type { FailureBook } from './failure-book.ts';
import { failedStatus, failureReport, keptTailBytes } from './failure-report.ts';
import { secretHider, secretValues } from './hide-secrets.ts';
import { PassedInputs } from './passed-inputs.ts';
import { OutputTail, outputDigest } from './verify-by-runs.ts';

const mostComparedBytes = 1024 * 1024;

/** Makes a runner that keeps what fails, with all that it takes to try it again, and what was taken well before. */
export function watchRuns(runner: Runner, failures: Pick<FailureBook, 'note'>): Runner {
  const passed = new PassedInputs();
  return {
    async run(request, options) {
      const running = await runner.run(request, options);
      return { runId: running.runId, events: () => watch(running.events(), { request, failures, passed }) };
    },
  };
}

interface Watched {
  readonly request: RunRequest;
  readonly failures: Pick<FailureBook, 'note'>;
  readonly passed: PassedInputs;
}

async function* watch(events: AsyncIterable<RunEvent>, watched: Watched): AsyncGenerator<RunEvent> {
  const output = { stdout: new OutputTail(mostComparedBytes), stderr: new OutputTail(keptTailBytes) };
  for await (const event of events) {
    if (event.type === 'stdout' || event.type === 'stderr') output[event.type].add(event.bytes);
    // Before it is told, so that whoever hears of a failure finds it.
    if (event.type === 'receipt') note(event.receipt, output, watched);
    yield event;
  }
}

function note(
  receipt: Receipt,
  { stdout, stderr }: { readonly stdout: OutputTail; readonly stderr: OutputTail },
  { request, failures, passed }: Watched,
): void {
  if (receipt.status === 'succeeded' && receipt.bytes.stdout <= mostComparedBytes) {
    passed.note(request, { stdoutDigest: outputDigest(stdout.bytes().toString('utf8')) });
  }
  const status = failedStatus(receipt);
  if (status === undefined) return;
  // Its network may hold headers that are secret, and a fork has none anyway.
  const { environment = {}, network: _, ...run } = request;
  const paths = request.files.map(({ path }) => path);
  const hide = secretHider(secretValues(environment));
  const { exit, limitsHit } = receipt;
  const said = { stdout: stdout.bytes().subarray(-keptTailBytes), stderr: stderr.bytes() };
  failures.note({
    kind: 'run',
    subject: receipt.runId,
    customer: request.customer,
    requestId: request.requestId,
    report: failureReport({ status, exit, limitsHit, ...said, paths, hide }),
    program: { run, regressions: passed.of(request) },
    environment,
  });
}
