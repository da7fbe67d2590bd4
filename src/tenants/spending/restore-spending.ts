import type { AbortFact, Fact, FinalFact, OpenFact } from '../../domain/facts/facts.ts';
import { chargeOfFinal } from '../../domain/charges/margin.ts';
import { totalInput, totalOutput } from '../../domain/rating/usage.ts';
import type { Spender } from './contract.ts';
import type { ReservationGate } from './reservation-gate.ts';

/** What restoring counts. */
interface RestoredSpending {
  /** Without a database nobody else has counted charges. */
  readonly charges: boolean;
  /** Facts of before this time are too old for rate limits. */
  readonly ratesFromMs: number;
}

/**
 * Counts what the journal says was used before this process started: because of it rate limits, and without a database
 * hard budgets, hold over restarts. Facts come in the order of the journal.
 */
export class SpendingRestorer {
  readonly #gate: Pick<ReservationGate, 'restore' | 'restoreRate'>;
  readonly #counts: RestoredSpending;
  /** Exchanges that are open where the journal is being read; every one is closed further on. */
  readonly #open = new Map<string, OpenFact>();

  constructor(gate: Pick<ReservationGate, 'restore' | 'restoreRate'>, counts: RestoredSpending) {
    this.#gate = gate;
    this.#counts = counts;
  }

  add(fact: Fact): void {
    const { charges, ratesFromMs } = this.#counts;
    if (fact.type === 'open') {
      if (charges || fact.atMs >= ratesFromMs) this.#open.set(fact.requestId, fact);
    } else if (fact.type === 'final' || fact.type === 'abort') this.#close(fact);
  }

  #close(fact: FinalFact | AbortFact): void {
    const open = this.#open.get(fact.requestId);
    this.#open.delete(fact.requestId);
    if (open !== undefined && open.atMs >= this.#counts.ratesFromMs) {
      this.#gate.restoreRate(spenderOf(open), usedTokens(open, fact), open.atMs);
    }
    const chargeNanos = chargeOf(fact);
    if (!this.#counts.charges || chargeNanos === null || chargeNanos === 0n) return;
    if (open !== undefined) this.#gate.restore(spenderOf(open), chargeNanos, open.atMs);
    // Its opening was in a segment that retention has removed.
    else if (fact.type === 'final') this.#gate.restore(spenderOf(fact), chargeNanos, fact.atMs - fact.totalMs);
  }
}

/** Nobody knows what a killed process had used: all that was held for it counts. */
function usedTokens(open: OpenFact, end: FinalFact | AbortFact): number {
  if (end.type === 'abort') return open.heldTokens ?? 0;
  return end.usage === undefined ? 0 : totalInput(end.usage) + totalOutput(end.usage);
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
