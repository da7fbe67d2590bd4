import { divideHalfEven, isStorableAmount, picosPerNano } from '../money/money.ts';
import type { Price, PriceContract } from './price.ts';
import { addCallFee, flatLines, marginalLines, type RatingLine } from './rating-lines.ts';
import { type Circumstances, regionRatioOf, selectPrices } from './select-prices.ts';
import { totalInput, type Usage, type UsageBucket, usageBuckets } from './usage.ts';

export type { RatingLine } from './rating-lines.ts';

/** When and how an attempt ran, as far as it decides the price. */
export interface RatingContext {
  readonly startedAtMs: number;
  readonly batch?: boolean;
  readonly region?: string;
  readonly contract?: PriceContract;
}

/** A factor on the model's own work, in parts per million. */
export interface RatingRatio {
  readonly kind: 'batch' | 'region' | 'contract';
  readonly ppm: bigint;
}

/** Which figure counts: what the provider says it cost, what its usage comes to, or what our estimate comes to. */
export type CostSource = 'reported' | 'computed' | 'estimated';

/** Cost of one attempt. `costNanos` is null when a needed price is unknown: never 0 by default. */
export interface Rating {
  /** The figure that counts. */
  readonly costNanos: bigint | null;
  readonly costSource: CostSource;
  /** What usage and price come to, kept beside a cost the provider reported. */
  readonly computedCostNanos: bigint | null;
  readonly reportedCostNanos: bigint | undefined;
  readonly lines: readonly RatingLine[];
  /** Apply to every line but fees, before the only rounding. */
  readonly ratios: readonly RatingRatio[];
  readonly unpriced: readonly UsageBucket[];
  /** A cached bucket had no price of its own and was billed as fresh input. */
  readonly isAssumed: boolean;
  /** Units or the amount are beyond what can be stored: refused, not wrapped. */
  readonly isOutOfRange: boolean;
  readonly priceVersionId: string | undefined;
  readonly contractVersionId: string | undefined;
}

const atAnyTime: RatingContext = { startedAtMs: 0 };
const noRatios: readonly RatingRatio[] = [];
const oneMillion = 1_000_000n;

/**
 * Rates usage exactly: pico-USD per line, ratios on the sum, one half-even rounding to nano-USD at the end. Depends on
 * nothing but its arguments, so that a projection can repeat it and compare.
 */
export function rate(usage: Usage, price: Price | undefined, context: RatingContext = atAnyTime): Rating {
  const { reportedCostNanos } = usage;
  const isOutOfRange = !hasWholeUnits(usage) || !isAmount(reportedCostNanos);
  const computed = price === undefined || isOutOfRange ? undefined : compute(usage, price, context);
  const computedCostNanos = computed?.costNanos ?? null;
  const isReported = reportedCostNanos !== undefined && isAmount(reportedCostNanos);
  return {
    costNanos: isReported ? reportedCostNanos : computedCostNanos,
    costSource: isReported ? 'reported' : sourceOf(usage),
    computedCostNanos,
    reportedCostNanos,
    lines: computed?.lines ?? [],
    ratios: computed?.ratios ?? noRatios,
    unpriced: computed?.unpriced ?? usedBuckets(usage),
    isAssumed: computed?.lines.some(isAssumption) ?? false,
    isOutOfRange: isOutOfRange || (computed?.isOutOfRange ?? false),
    priceVersionId: price?.versionId,
    contractVersionId: context.contract?.versionId,
  };
}

function sourceOf({ source }: Usage): CostSource {
  return source === 'estimated' ? 'estimated' : 'computed';
}

type Computed = Pick<Rating, 'costNanos' | 'lines' | 'ratios' | 'unpriced' | 'isOutOfRange'>;

function compute(usage: Usage, price: Price, context: RatingContext): Computed {
  const circumstances: Circumstances | undefined = price.rules && circumstancesOf(usage, context);
  const isMarginal = price.tierMode === 'marginal' && circumstances !== undefined;
  const selected = circumstances && selectPrices(price, circumstances);
  const open = isMarginal
    ? marginalLines(usage.buckets, price, circumstances)
    : flatLines(usage.buckets, selected?.picosPerUnit ?? price.picosPerUnit);
  if (price.picosPerCall !== undefined) addCallFee(open, price.picosPerCall);
  const ratios = ratiosOf(usage, price, { context, hasBatchPrices: selected?.hasBatchPrices ?? false });
  let picos = open.workPicos;
  let divisor = 1n;
  for (const { ppm } of ratios) {
    picos *= ppm;
    divisor *= oneMillion;
  }
  const amountNanos = divideHalfEven(picos + open.feePicos * divisor, divisor * picosPerNano);
  const isOutOfRange = !isStorableAmount(amountNanos);
  const costNanos = open.unpriced.length > 0 || isOutOfRange ? null : amountNanos;
  return { costNanos, lines: open.lines, ratios, unpriced: open.unpriced, isOutOfRange };
}

function circumstancesOf(usage: Usage, context: RatingContext): Circumstances {
  return {
    startedAtMs: context.startedAtMs,
    totalInput: totalInput(usage.buckets),
    servedTier: usage.servedTier,
    batch: isBatch(usage, context),
    region: usage.servedRegion ?? context.region,
  };
}

function ratiosOf(
  usage: Usage,
  price: Price,
  { context, hasBatchPrices }: { readonly context: RatingContext; readonly hasBatchPrices: boolean },
): readonly RatingRatio[] {
  const batch = price.batchRatioPpm !== undefined && !hasBatchPrices && isBatch(usage, context);
  const region = regionRatioOf(price, usage.servedRegion ?? context.region);
  const { contract } = context;
  if (!batch && region === undefined && contract === undefined) return noRatios;
  const ratios: RatingRatio[] = [];
  if (batch && price.batchRatioPpm !== undefined) ratios.push({ kind: 'batch', ppm: price.batchRatioPpm });
  if (region !== undefined) ratios.push({ kind: 'region', ppm: region });
  if (contract !== undefined) ratios.push({ kind: 'contract', ppm: contract.ratioPpm });
  return ratios;
}

/** Some hosts serve batches as a tier of their own. */
function isBatch(usage: Usage, context: RatingContext): boolean {
  return context.batch ?? usage.servedTier === 'batch';
}

function isAssumption({ assumedFrom }: RatingLine): boolean {
  return assumedFrom === 'input';
}

function isAmount(amountNanos: bigint | undefined): boolean {
  return amountNanos === undefined || (amountNanos >= 0n && isStorableAmount(amountNanos));
}

function hasWholeUnits({ buckets }: Usage): boolean {
  for (const bucket of usageBuckets) {
    const units = buckets[bucket];
    if (units !== undefined && (units < 0 || !Number.isSafeInteger(units))) return false;
  }
  return true;
}

function usedBuckets({ buckets }: Usage): UsageBucket[] {
  return usageBuckets.filter((bucket) => buckets[bucket] && bucket !== 'requests');
}
