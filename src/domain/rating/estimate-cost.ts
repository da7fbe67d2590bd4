import type { Price } from './price.ts';
import { rate, type RatingContext } from './rating.ts';
import type { UsageBucket } from './usage.ts';

/** A call that has not been made, as large as it may get. */
export interface ExpectedWork {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Buckets beside text that the call will use: a prompt with sound in it has `audioIn`. */
  readonly needs?: readonly UsageBucket[];
  /** Tier the caller asks for; what is served may be it or the usual one, so the dearer counts. */
  readonly requestedTier?: string;
}

/**
 * What a call may cost at most at this endpoint: every input unit fresh, output at the dearer of output and reasoning.
 * null when a price it needs is unknown.
 */
export function estimateCostNanos(work: ExpectedWork, price: Price | undefined, context: RatingContext): bigint | null {
  if (price === undefined || missingPrices(work.needs ?? [], price).length > 0) return null;
  let dearest: bigint | null = null;
  for (const servedTier of tiersOf(work)) {
    for (const bucket of ['output', 'reasoning'] as const) {
      const buckets = { input: work.inputTokens, [bucket]: work.outputTokens };
      const { costNanos } = rate({ buckets, source: 'estimated', ...servedTier }, price, context);
      if (costNanos === null) return null;
      if (dearest === null || costNanos > dearest) dearest = costNanos;
    }
  }
  return dearest;
}

/** Of the buckets a call needs, those that no rule of the price prices: such a call is blocked or flagged, not guessed. */
export function missingPrices(needs: readonly UsageBucket[], price: Price | undefined): readonly UsageBucket[] {
  return needs.filter(
    (bucket) =>
      price?.picosPerUnit[bucket] === undefined &&
      !price?.rules?.some(({ picosPerUnit }) => picosPerUnit[bucket] !== undefined),
  );
}

function tiersOf({ requestedTier }: ExpectedWork): readonly { readonly servedTier?: string }[] {
  return requestedTier === undefined ? [{}] : [{}, { servedTier: requestedTier }];
}
