import type { RunFact } from '../../domain/facts/run-fact.ts';
import type { Journal } from '../../journal/index.ts';
import type { Receipt } from '../contract.ts';

/** Evidence that running code gives about the answer that it came from. */
export interface RunOutcome {
  readonly requestId: string;
  /** `compiled`: it was translated; `test`: what ran were tests of it. */
  readonly kind: 'run' | 'compiled' | 'test';
  readonly value: number;
  readonly label: 'ran' | 'crashed' | 'limit_hit' | 'compiled' | 'not_compiled' | 'tests_passed' | 'tests_failed';
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
    for (const outcome of outcomesOf(receipt)) await this.#deps.noteOutcome(outcome);
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

/** What a run says of the exchange that its code came from; nothing when it broke on our side or was called off. */
export function outcomesOf({ requestId, status, runId, timings, tests }: Receipt): readonly RunOutcome[] {
  if (requestId === undefined || status === 'broken' || status === 'cancelled') return [];
  const shared = { requestId, source: 'runtime' } as const;
  const told = (kind: RunOutcome['kind'], value: number, label: RunOutcome['label']): RunOutcome => {
    const idempotencyKey = kind === 'run' ? `run:${runId}` : `run:${runId}:${kind}`;
    return { ...shared, kind, value, label, idempotencyKey };
  };
  if (status === 'build_failed') return [told('compiled', 0, 'not_compiled')];
  const hasRun = status === 'succeeded';
  const crashed = status === 'limit' ? 'limit_hit' : 'crashed';
  const outcomes = [told('run', hasRun ? 1 : 0, hasRun ? 'ran' : crashed)];
  if (timings.buildMs !== null) outcomes.unshift(told('compiled', 1, 'compiled'));
  if (tests === true) outcomes.push(told('test', hasRun ? 1 : 0, hasRun ? 'tests_passed' : 'tests_failed'));
  return outcomes;
}
