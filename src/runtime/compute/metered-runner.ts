import type { Limits, Receipt, Runner, RunEvent, RunningRun, RunRequest } from '../contract.ts';
import type { ComputeDesk, ComputeHold } from './compute-desk.ts';
import { mostUseOf, useOfRun } from './run-use.ts';

/** Key that runs are metered under which nobody's key asked for. */
const runtimeKey = 'switchyard-runs';

/** What metered runs are made of. */
export interface MeteredRunnerDeps {
  readonly desk: ComputeDesk;
  /** The bounds that a request runs under. */
  limitsOf(request: RunRequest): Limits;
}

/** Runs code within the budgets of who pays for it, and charges what each run used, also those that were called off. */
export class MeteredRunner implements Runner {
  readonly #runner: Runner;
  readonly #deps: MeteredRunnerDeps;
  /** Bounded by the runs that go on or wait. */
  readonly #holds = new Map<string, ComputeHold>();

  constructor(runner: Runner, deps: MeteredRunnerDeps) {
    this.#runner = runner;
    this.#deps = deps;
  }

  async run(request: RunRequest, options?: { readonly signal?: AbortSignal }): Promise<RunningRun> {
    const { desk, limitsOf } = this.#deps;
    if (!desk.isMetering) return this.#runner.run(request, options);
    const payer = { customer: request.customer ?? 'default', key: runtimeKey };
    const hold = await desk.admit(payer, mostUseOf(limitsOf(request)));
    try {
      const running = await this.#runner.run(request, options);
      this.#holds.set(running.runId, hold);
      return { ...running, events: () => this.#events(running) };
    } catch (error) {
      hold.release();
      throw error;
    }
  }

  /** Charges a run whose receipt is written. */
  async recorded(receipt: Receipt): Promise<void> {
    const { runId, requestId } = receipt;
    const hold = this.#holds.get(runId);
    this.#holds.delete(runId);
    // What broke on our side is nobody's to pay.
    if (hold === undefined || receipt.status === 'broken') return hold?.release();
    const subject = { kind: 'run' as const, subject: runId, ...(requestId !== undefined && { exchangeId: requestId }) };
    await hold.settle(subject, useOfRun(receipt));
  }

  async *#events({ runId, events }: RunningRun): AsyncGenerator<RunEvent> {
    try {
      yield* events();
    } finally {
      this.#holds.get(runId)?.release();
      this.#holds.delete(runId);
    }
  }
}
