import { divideHalfEven } from './money.ts';
import type { PriceTerms } from './price.ts';
import { flatLines, marginalLines } from './rating-lines.ts';
import { type Circumstances, selectPrices } from './select-prices.ts';
import { totalInput, totalOutput, type UsageBuckets, usageBuckets } from './usage.ts';

/** What some work used in all, over how many requests. */
export interface WorkMix {
  readonly buckets: UsageBuckets;
  readonly requests: number;
}

/** One price for a unit of mixed work, in pico-USD; null when a price it needs is unknown. */
export interface Blend {
  /** On the given mix, cache hits included; null as well for a mix of nothing. */
  readonly ownPicosPerUnit: bigint | null;
  /** Three units of input to one of output: what comparisons usually show, and real work hardly ever is. */
  readonly customaryPicosPerUnit: bigint | null;
}

const customaryMix: UsageBuckets = { input: 3, output: 1 };

/**
 * The price of a unit on somebody's own mix beside the customary blend. Tiers are those of the mix's mean request, so
 * that a month of short prompts is not priced as one long one.
 */
export function blendOf(terms: PriceTerms, { buckets, requests }: WorkMix, startedAtMs = 0): Blend {
  const meanInput = Math.round(totalInput(buckets) / Math.max(1, requests));
  const circumstances = { startedAtMs, totalInput: meanInput, servedTier: undefined, batch: false, region: undefined };
  return {
    ownPicosPerUnit:
      terms.tierMode === 'marginal'
        ? marginalPicos(terms, meanOf(buckets, requests), circumstances)
        : flatPicos(terms, buckets, circumstances),
    customaryPicosPerUnit: flatPicos(terms, customaryMix, { ...circumstances, totalInput: 0 }),
  };
}

function flatPicos(terms: PriceTerms, buckets: UsageBuckets, circumstances: Circumstances): bigint | null {
  return perUnit(flatLines(buckets, selectPrices(terms, circumstances).picosPerUnit), buckets);
}

function marginalPicos(terms: PriceTerms, buckets: UsageBuckets, circumstances: Circumstances): bigint | null {
  return perUnit(marginalLines(buckets, terms, circumstances), buckets);
}

function perUnit(
  { workPicos, unpriced }: { readonly workPicos: bigint; readonly unpriced: readonly string[] },
  buckets: UsageBuckets,
): bigint | null {
  const units = totalInput(buckets) + totalOutput(buckets);
  return units === 0 || unpriced.length > 0 ? null : divideHalfEven(workPicos, BigInt(units));
}

function meanOf(buckets: UsageBuckets, requests: number): UsageBuckets {
  const divisor = Math.max(1, requests);
  return Object.fromEntries(
    usageBuckets.flatMap((bucket) => {
      const units = buckets[bucket];
      return units === undefined ? [] : [[bucket, Math.round(units / divisor)]];
    }),
  );
}
