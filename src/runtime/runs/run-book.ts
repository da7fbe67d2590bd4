import type { RunFact } from '../../domain/run-fact.ts';
import type { Journal } from '../../journal/index.ts';
import type { Receipt } from '../contract.ts';

/** Evidence that running code gives about the answer that it came from. */
export interface RunOutcome {
  readonly requestId: string;
  readonly kind: 'run';
  readonly value: number;
  readonly source: 'runtime';
  readonly idempotencyKey: string;
}

/** What receipts are kept with. */
export interface RunBookDeps {
  readonly journal: Pick<Journal, 'commit' | 'find'>;
  /** Writes an outcome; an exchange that nobody knows is no defect of the run. */
  readonly noteOutcome: (outcome: RunOutcome) => Promise<void>;
}

/** Recent receipts are answered from memory. */
const mostRemembered = 1000;

/** Receipts: facts of the journal, found by the run's id. */
export class RunBook {
  readonly #deps: RunBookDeps;
  readonly #recent = new Map<string, Receipt>();

  constructor(deps: RunBookDeps) {
    this.#deps = deps;
  }

  async record(receipt: Receipt): Promise<void> {
    await this.#deps.journal.commit(factOf(receipt));
    this.#recent.set(receipt.runId, receipt);
    if (this.#recent.size > mostRemembered) {
      const [oldest] = this.#recent.keys();
      if (oldest !== undefined) this.#recent.delete(oldest);
    }
    const { requestId, status, runId } = receipt;
    // What broke on our side, or was called off, says nothing about the code.
    if (requestId === undefined || status === 'broken' || status === 'cancelled') return;
    const value = status === 'succeeded' ? 1 : 0;
    await this.#deps.noteOutcome({ requestId, kind: 'run', value, source: 'runtime', idempotencyKey: `run:${runId}` });
  }

  /** undefined for a run that nobody knows. */
  async find(runId: string): Promise<Receipt | undefined> {
    const recent = this.#recent.get(runId);
    if (recent) return recent;
    const facts = await this.#deps.journal.find(runId);
    const fact = facts.find((one) => one.type === 'run');
    return fact?.receipt as unknown as Receipt | undefined;
  }
}

function factOf(receipt: Receipt): RunFact {
  const { runId, startedAtMs, timings, requestId, customer, status } = receipt;
  return {
    type: 'run',
    requestId: runId,
    atMs: startedAtMs + timings.totalMs,
    ...(requestId !== undefined && { exchangeId: requestId }),
    ...(customer !== undefined && { customer }),
    status,
    receipt: { ...receipt },
  };
}
