import { divideHalfEven, picosPerNano } from './money.ts';
import type { Price } from './price.ts';
import { type Usage, type UsageBucket, usageBuckets } from './usage.ts';

/** One line of the arithmetic: `units * picosPerUnit = picos`. */
export interface RatingLine {
  readonly bucket: UsageBucket;
  readonly units: number;
  readonly picosPerUnit: bigint;
  readonly picos: bigint;
  /** The bucket had no price of its own: which bucket's price was assumed. */
  readonly assumedFrom?: UsageBucket;
}

/** Cost of one attempt. `costNanos` is null when a needed price is unknown: never 0 by default. */
export interface Rating {
  readonly costNanos: bigint | null;
  readonly lines: readonly RatingLine[];
  readonly unpriced: readonly UsageBucket[];
  readonly priceVersionId: string | undefined;
}

/** Which bucket's price stands in for a bucket without one. Audio, image and video are never assumed to be text. */
const stand: { readonly [Bucket in UsageBucket]?: UsageBucket } = {
  cacheRead: 'input',
  cacheWrite5m: 'input',
  cacheWrite1h: 'input',
  reasoning: 'output',
};

/** Rates usage exactly: pico-USD per line, one half-even rounding to nano-USD at the end. */
export function rate(usage: Usage, price: Price | undefined): Rating {
  const lines: RatingLine[] = [];
  const unpriced: UsageBucket[] = [];
  let picos = 0n;
  for (const bucket of usageBuckets) {
    const units = usage.buckets[bucket];
    if (!units) continue;
    const line = price && rateLine(price, bucket, units);
    // Requests (web searches and the like) are mostly unpriced extras: absent means not charged per request.
    if (line) {
      lines.push(line);
      picos += line.picos;
    } else if (bucket !== 'requests') unpriced.push(bucket);
  }
  const known = price !== undefined && unpriced.length === 0;
  return {
    costNanos: known ? divideHalfEven(picos, picosPerNano) : null,
    lines,
    unpriced,
    priceVersionId: price?.versionId,
  };
}

function rateLine(price: Price, bucket: UsageBucket, units: number): RatingLine | undefined {
  const own = price.picosPerUnit[bucket];
  const from = stand[bucket];
  const assumed = own === undefined && from !== undefined ? price.picosPerUnit[from] : undefined;
  const picosPerUnit = own ?? assumed;
  if (picosPerUnit === undefined) return undefined;
  const line = { bucket, units, picosPerUnit, picos: BigInt(units) * picosPerUnit };
  return own === undefined && from !== undefined ? { ...line, assumedFrom: from } : line;
}
