import type { BucketPrices, PriceTerms } from './price.ts';
import { type Circumstances, selectPrices } from './select-prices.ts';
import { isFeeBucket, type UsageBucket, type UsageBuckets, usageBuckets } from './usage.ts';

/** One line of the arithmetic: `units * picosPerUnit = picos`. */
export interface RatingLine {
  /** `call` is the fee of the call itself. */
  readonly bucket: UsageBucket | 'call';
  readonly units: number;
  readonly picosPerUnit: bigint;
  readonly picos: bigint;
  /** The bucket had no price of its own: which bucket's price stands in for it. */
  readonly assumedFrom?: UsageBucket;
  /** Charged by the piece: no ratio applies. */
  readonly isFee?: true;
}

interface OpenLines {
  readonly lines: RatingLine[];
  readonly unpriced: UsageBucket[];
  workPicos: bigint;
  feePicos: bigint;
}

/**
 * Which bucket's price stands in for a bucket without one. Audio, image and video are never assumed to be text. That
 * reasoning costs what output costs is how nearly every host bills; what a cache costs is an assumption.
 */
const stand: { readonly [Bucket in UsageBucket]?: UsageBucket } = {
  cacheRead: 'input',
  cacheWrite5m: 'input',
  cacheWrite1h: 'input',
  reasoning: 'output',
};

/** What the model read, in the order of a prompt: a cached prefix first, the newest text last. */
const inputOrder: readonly UsageBucket[] = [
  'cacheRead',
  'cacheWrite1h',
  'cacheWrite5m',
  'imageIn',
  'videoIn',
  'audioIn',
  'input',
];

/** Every bucket times its price, at one set of prices for the whole attempt. */
export function flatLines(buckets: UsageBuckets, prices: BucketPrices): OpenLines {
  const open: OpenLines = { lines: [], unpriced: [], workPicos: 0n, feePicos: 0n };
  for (const bucket of usageBuckets) {
    const units = buckets[bucket];
    if (units) addLine(open, { bucket, units }, prices);
  }
  return open;
}

/**
 * Each part of the input at the price of the tier it falls into; everything else at the base. The prompt's own order
 * decides what lies beyond a threshold.
 */
export function marginalLines(buckets: UsageBuckets, terms: PriceTerms, circumstances: Circumstances): OpenLines {
  const open: OpenLines = { lines: [], unpriced: [], workPicos: 0n, feePicos: 0n };
  const steps = stepsOf(terms, circumstances);
  let position = 0;
  for (const bucket of inputOrder) {
    let left = buckets[bucket] ?? 0;
    while (left > 0) {
      const step = steps.find(({ upTo }) => position < upTo);
      if (!step) break;
      const units = Math.min(left, step.upTo - position);
      addLine(open, { bucket, units }, step.prices);
      position += units;
      left -= units;
    }
  }
  const base = selectPrices(terms, { ...circumstances, totalInput: 0 }).picosPerUnit;
  for (const bucket of usageBuckets) {
    const units = buckets[bucket];
    if (units && !inputOrder.includes(bucket)) addLine(open, { bucket, units }, base);
  }
  return open;
}

/** The fee of the call itself. */
export function addCallFee(open: OpenLines, picosPerCall: bigint): void {
  open.lines.push({ bucket: 'call', units: 1, picosPerUnit: picosPerCall, picos: picosPerCall, isFee: true });
  open.feePicos += picosPerCall;
}

function stepsOf(terms: PriceTerms, circumstances: Circumstances): { upTo: number; prices: BucketPrices }[] {
  const thresholds = new Set<number>();
  for (const { when } of terms.rules ?? [])
    if (when.minTotalInputGt !== undefined) thresholds.add(when.minTotalInputGt);
  const bounds = [...thresholds].sort((left, right) => left - right);
  return [...bounds, Number.POSITIVE_INFINITY].map((upTo, index) => {
    const beyond = index === 0 ? 0 : (bounds[index - 1] ?? 0) + 1;
    return { upTo, prices: selectPrices(terms, { ...circumstances, totalInput: beyond }).picosPerUnit };
  });
}

function addLine(
  open: OpenLines,
  { bucket, units }: { readonly bucket: UsageBucket; readonly units: number },
  prices: BucketPrices,
): void {
  const own = prices[bucket];
  const from = own === undefined ? stand[bucket] : undefined;
  const picosPerUnit = from === undefined ? own : prices[from];
  if (picosPerUnit === undefined) {
    // Requests (web searches and the like) are mostly unpriced extras: absent means not charged per request.
    if (bucket !== 'requests' && !open.unpriced.includes(bucket)) open.unpriced.push(bucket);
    return;
  }
  const picos = BigInt(units) * picosPerUnit;
  if (isFeeBucket(bucket)) {
    open.lines.push({ bucket, units, picosPerUnit, picos, isFee: true });
    open.feePicos += picos;
    return;
  }
  open.lines.push(
    from === undefined
      ? { bucket, units, picosPerUnit, picos }
      : { bucket, units, picosPerUnit, picos, assumedFrom: from },
  );
  open.workPicos += picos;
}
