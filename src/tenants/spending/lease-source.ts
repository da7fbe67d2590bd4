import type { Counter } from './counter.ts';

/**
 * What came of asking for more of a budget: more is there; the budget is used up; it would suffice if the share of a
 * gateway that died were back; or nobody can tell now.
 */
export type RefillOutcome = 'granted' | 'exhausted' | 'in_doubt' | 'unavailable';

/** How much is asked for. */
export interface RefillNeed {
  /** Must fit afterwards. */
  readonly amountNanos: bigint;
  /** Everything that waits for it. */
  readonly wantedNanos: bigint;
}

/** Where a gateway gets its share of budgets from. */
export interface LeaseSource {
  /** Whether what was granted may still be used: false when this gateway could not renew it in time. */
  isValid(): boolean;
  /** Asks for enough that the amount fits; questions about one counter are asked together. */
  refill(counter: Counter, need: RefillNeed): Promise<RefillOutcome>;
  /** A counter runs low: asks for more ahead of need, without anybody waiting. */
  foresee(counter: Counter): void;
  /** Nobody uses the counter here any more, or its limit fell: what is unused goes back. */
  giveBack(counter: Counter): void;
}
