import type { AttemptFact, Fact, OpenFact } from '../../../domain/facts/facts.ts';
import type { AuditRow, RowOutcome } from '../audit-row.ts';

/** Exchanges that are remembered while they are open, and attempts that a correction may still change. */
const maxRemembered = 200_000;

/** Turns facts of our own journal into rows: one per attempt, one per answer from the cache. */
export class JournalRows {
  readonly #open = new Map<string, OpenFact>();
  /** Estimated attempts wait for their correction until the end. */
  readonly #estimated = new Map<string, AuditRow>();
  readonly #sink: (row: AuditRow) => void;

  constructor(sink: (row: AuditRow) => void) {
    this.#sink = sink;
  }

  add(fact: Fact): void {
    if (fact.type === 'open') this.#remember(fact);
    else if (fact.type === 'attempt') this.#attempt(fact);
    else if (fact.type === 'correction') this.#correct(fact);
    else if (fact.type === 'abort') this.#open.delete(fact.requestId);
    else if (fact.type === 'final') {
      if (fact.cache === 'hit') {
        this.#sink({
          ...this.#who(fact.requestId),
          id: fact.requestId,
          startedAtMs: fact.atMs - fact.totalMs,
          hostName: fact.host,
          modelName: fact.upstreamModel ?? fact.model,
          usage: { buckets: fact.usage ?? {}, source: 'provider' },
          calls: 1,
          outcome: 'cached',
          statedNanos: 0n,
        });
      }
      this.#open.delete(fact.requestId);
    }
  }

  end(): void {
    for (const row of this.#estimated.values()) this.#sink(row);
    this.#estimated.clear();
    this.#open.clear();
  }

  #attempt(fact: AttemptFact): void {
    const row: AuditRow = {
      ...this.#who(fact.requestId),
      id: `${fact.requestId}/${fact.attempt}`,
      startedAtMs: fact.startedAtMs,
      hostName: fact.host,
      modelName: fact.upstreamModel,
      usage: {
        buckets: fact.usage ?? {},
        source: fact.usageSource ?? 'provider',
        ...(fact.flags.includes('usage_invalid') && { invalid: true }),
        ...(fact.servedTier !== undefined && { servedTier: fact.servedTier }),
      },
      calls: 1,
      outcome: outcomeOf(fact),
      ...((fact.attempt > 1 || fact.flags.includes('hedge')) && { isRetry: true }),
      statedNanos: fact.costNanos === null ? undefined : BigInt(fact.costNanos),
      ...(fact.batch === true && { batch: true }),
      ...(fact.region !== undefined && { region: fact.region }),
    };
    if (!fact.flags.includes('estimated')) return this.#sink(row);
    this.#estimated.set(`${fact.requestId}/${fact.attempt}`, row);
    const [oldest] = this.#estimated;
    if (this.#estimated.size <= maxRemembered || !oldest) return;
    this.#estimated.delete(oldest[0]);
    this.#sink(oldest[1]);
  }

  #correct(fact: Extract<Fact, { type: 'correction' }>): void {
    const id = `${fact.requestId}/${fact.attempt}`;
    const row = this.#estimated.get(id);
    if (!row) return;
    this.#estimated.delete(id);
    this.#sink({
      ...row,
      usage: { ...row.usage, buckets: fact.usage, source: 'provider' },
      statedNanos: BigInt(fact.costNanos),
    });
  }

  #remember(fact: OpenFact): void {
    this.#open.set(fact.requestId, fact);
    const [oldest] = this.#open.keys();
    if (this.#open.size > maxRemembered && oldest !== undefined) this.#open.delete(oldest);
  }

  #who(requestId: string): Pick<AuditRow, 'job' | 'user' | 'key'> {
    const open = this.#open.get(requestId);
    return { job: open?.job, user: open?.endUser ?? open?.customer, key: open?.key };
  }
}

function outcomeOf(fact: AttemptFact): RowOutcome {
  if (fact.fault === 'client_gone' || fact.flags.includes('cancelled') || fact.flags.includes('hedge_loser')) {
    return 'aborted';
  }
  return fact.fault === undefined ? 'answered' : 'failed';
}
