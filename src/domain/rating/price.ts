import type { UsageBucket } from './usage.ts';

/** Pico-USD per unit by bucket. An absent bucket is unknown, 0 is free. */
export type BucketPrices = { readonly [Bucket in UsageBucket]?: bigint };

/** When a price rule holds: every stated condition must. */
export interface PriceCondition {
  /** Total input, cached and written units included, is strictly greater than this. */
  readonly minTotalInputGt?: number;
  /** Tier the upstream says it served, never the one that was asked for. */
  readonly serviceTier?: string;
  readonly batch?: boolean;
  /** Start of a daily window in milliseconds after midnight UTC, inclusive; comes with `utcEndMs`. */
  readonly utcStartMs?: number;
  /** End of the window, exclusive; before the start when the window goes over midnight. */
  readonly utcEndMs?: number;
  readonly region?: string;
}

/** Prices that replace the base while a condition holds; buckets it does not name keep what they had. */
export interface PriceRule {
  readonly when: PriceCondition;
  readonly picosPerUnit: BucketPrices;
}

/** How a context tier counts. `cliff`: over the threshold everything costs the tier's price; `marginal`: only the rest. */
export type TierMode = 'cliff' | 'marginal';

/** What an endpoint charges, whoever says so and since whenever. */
export interface PriceTerms {
  readonly picosPerUnit: BucketPrices;
  /** Pico-USD of each call that was answered, whatever it used. */
  readonly picosPerCall?: bigint;
  /** In order: the last rule that holds wins, bucket by bucket. */
  readonly rules?: readonly PriceRule[];
  /** Absent means cliff, as nearly everyone bills. */
  readonly tierMode?: TierMode;
  /** Share of the price that batch work costs, in parts per million; not applied where a rule prices batches itself. */
  readonly batchRatioPpm?: bigint;
  /** What regions cost relative to the price, in parts per million: 1,100,000 is ten percent more. */
  readonly regionRatioPpm?: { readonly [region: string]: bigint };
}

/** Price of one endpoint at one time. */
export interface Price extends PriceTerms {
  /** Identifies the version that rated an attempt; stored in its fact. */
  readonly versionId: string;
}

/** What was agreed with a host beside its list price. */
export interface PriceContract {
  readonly versionId: string;
  /** Share of the list price that is paid, in parts per million: 850,000 is 85 %. Fees are not discounted. */
  readonly ratioPpm: bigint;
}
