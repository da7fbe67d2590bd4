import type { AbortFact, Fact, FinalFact, OpenFact } from '../../domain/facts/facts.ts';
import { chargeOfFinal } from '../../domain/charges/margin.ts';
import type { Spender } from './contract.ts';
import type { ReservationGate } from './reservation-gate.ts';

/**
 * Counts what the journal says was spent before this process started: without a database, hard budgets hold over
 * restarts because of it. Facts come in the order of the journal.
 */
export class SpendingRestorer {
  readonly #gate: Pick<ReservationGate, 'restore'>;
  /** Exchanges that are open where the journal is being read; every one is closed further on. */
  readonly #open = new Map<string, { readonly spender: Spender; readonly startedAtMs: number }>();

  constructor(gate: Pick<ReservationGate, 'restore'>) {
    this.#gate = gate;
  }

  add(fact: Fact): void {
    if (fact.type === 'open') this.#open.set(fact.requestId, { spender: spenderOf(fact), startedAtMs: fact.atMs });
    else if (fact.type === 'final' || fact.type === 'abort') this.#close(fact);
  }

  #close(fact: FinalFact | AbortFact): void {
    const open = this.#open.get(fact.requestId);
    this.#open.delete(fact.requestId);
    const chargeNanos = chargeOf(fact);
    if (chargeNanos === null || chargeNanos === 0n) return;
    if (open !== undefined) this.#gate.restore(open.spender, chargeNanos, open.startedAtMs);
    // Its opening was in a segment that retention has removed.
    else if (fact.type === 'final') this.#gate.restore(spenderOf(fact), chargeNanos, fact.atMs - fact.totalMs);
  }
}

/** On whose behalf a recorded exchange spent. */
export function spenderOf(fact: OpenFact | FinalFact): Spender {
  const { customer, key, endUser, job, project, feature } = fact;
  return { customer, key, endUser, job, project, feature };
}

/** What a closed exchange counts towards limits; null when its price is unknown. */
export function chargeOf(fact: FinalFact | AbortFact): bigint | null {
  if (fact.type === 'final') return chargeOfFinal(fact);
  return fact.costNanos === null ? null : BigInt(fact.costNanos);
}
