import type { BucketPrices, Price } from '../../../domain/rating/price.ts';
import { holds, selectPrices } from '../../../domain/rating/select-prices.ts';
import { type UsageBucket, usageBuckets } from '../../../domain/rating/usage.ts';
import type { AuditRow } from '../audit-row.ts';
import type { RowCost } from './row-rater.ts';
import { bucketCount, totalInputOf, type Units } from './units.ts';

/** More rules than this do not fit into one whole number of bits. */
const maxRules = 30;
const picosPerNano = 1000;

/** One price with its rules decided: what each bucket costs, standing in included. */
interface FlatPrice {
  /** Pico-USD per unit; NaN where the price is unknown. */
  readonly picosPerUnit: Float64Array;
  readonly isAssumed: readonly boolean[];
  readonly picosPerCall: number;
}

/** What is kept of one price: a flat price for each combination of rules that was met; undefined when none can be. */
type Combinations = Map<number, FlatPrice | undefined>;

/** Whose price stands in for a bucket without one; as rating does it, which a property test holds both to. */
const standIns: { readonly [Bucket in UsageBucket]?: UsageBucket } = {
  cacheRead: 'input',
  cacheWrite5m: 'input',
  cacheWrite1h: 'input',
  reasoning: 'output',
};

/**
 * Rates the common case in doubles, exactly, and leaves every other case to the rating of the domain.
 *
 * Why it is exact: units and prices are whole and not negative, so the picos of a row are a sum of products that only
 * grows. Rounding to doubles never takes a true value of 2^53 or more below 2^53. When the computed total is below 2^53,
 * then so was every product and every part of the sum, and whole numbers below 2^53 are held exactly. The remainder of
 * doubles (`%`) is exact by definition, hence so is the half-even rounding to nano-USD. At 2^53 picos, 9,007 dollars for
 * one call, the domain takes over.
 */
export class FlatPrices {
  readonly #known = new WeakMap<Price, Combinations>();
  #lastPrice: Price | undefined;
  #last: Combinations = new Map();

  /** Cost of a row; undefined when this shortcut does not apply. */
  costOf(row: AuditRow, price: Price, units: Units): RowCost | undefined {
    if (!isPlain(row, price)) return undefined;
    const flat = this.#flatPriceOf(row, price, units);
    return flat && costAt(flat, units);
  }

  #flatPriceOf(row: AuditRow, price: Price, units: Units): FlatPrice | undefined {
    const combinations = this.#combinationsOf(price);
    const bits = price.rules === undefined ? 0 : bitsOf(row, price, units);
    const known = combinations.get(bits);
    if (known !== undefined || combinations.has(bits)) return known;
    const flat = flatten(price, selectPrices(price, circumstancesOf(row, units)).picosPerUnit);
    combinations.set(bits, flat);
    return flat;
  }

  #combinationsOf(price: Price): Combinations {
    if (this.#lastPrice === price) return this.#last;
    let known = this.#known.get(price);
    if (!known) this.#known.set(price, (known = new Map()));
    this.#lastPrice = price;
    this.#last = known;
    return known;
  }
}

/** Whether neither ratios nor marginal tiers nor a cost of the host's own are in play. */
function isPlain({ usage, batch, region }: AuditRow, price: Price): boolean {
  if (price.tierMode === 'marginal' || usage.reportedCostNanos !== undefined) return false;
  if (price.rules !== undefined && price.rules.length > maxRules) return false;
  if (price.batchRatioPpm !== undefined && (batch ?? usage.servedTier === 'batch')) return false;
  return price.regionRatioPpm === undefined || (usage.servedRegion ?? region) === undefined;
}

function circumstancesOf(row: AuditRow, units: Units): Parameters<typeof holds>[1] {
  const { usage, startedAtMs, batch, region } = row;
  return {
    startedAtMs,
    totalInput: totalInputOf(units),
    servedTier: usage.servedTier,
    batch: batch ?? usage.servedTier === 'batch',
    region: usage.servedRegion ?? region,
  };
}

/** One bit for each rule that holds. */
function bitsOf(row: AuditRow, { rules = [] }: Price, units: Units): number {
  const circumstances = circumstancesOf(row, units);
  let bits = 0;
  for (let at = 0; at < rules.length; at++) {
    const rule = rules[at];
    if (rule && holds(rule.when, circumstances)) bits |= 1 << at;
  }
  return bits;
}

function flatten(price: Price, prices: BucketPrices): FlatPrice | undefined {
  const isAssumed: boolean[] = [];
  const picosPerUnit = new Float64Array(bucketCount);
  for (const [at, bucket] of usageBuckets.entries()) {
    const standIn = prices[bucket] === undefined ? standIns[bucket] : undefined;
    const picos = standIn === undefined ? prices[bucket] : prices[standIn];
    // A request without a price is not charged for; everything else without one is unknown.
    const unknown = bucket === 'requests' ? 0 : Number.NaN;
    picosPerUnit[at] = picos === undefined ? unknown : Number(picos);
    if (picos !== undefined && (picos < 0n || picos > Number.MAX_SAFE_INTEGER)) return undefined;
    isAssumed.push(standIn === 'input' && picos !== undefined);
  }
  const { picosPerCall = 0n } = price;
  if (picosPerCall < 0n || picosPerCall > Number.MAX_SAFE_INTEGER) return undefined;
  return { picosPerUnit, isAssumed, picosPerCall: Number(picosPerCall) };
}

function costAt({ picosPerUnit, isAssumed, picosPerCall }: FlatPrice, units: Units): RowCost | undefined {
  let picos = picosPerCall;
  let isAnyAssumed = false;
  for (let at = 0; at < bucketCount; at++) {
    const used = units[at] ?? 0;
    if (used === 0) continue;
    if (!(used > 0) || !Number.isSafeInteger(used)) return undefined;
    picos += used * (picosPerUnit[at] ?? Number.NaN);
    if (isAssumed[at] === true) isAnyAssumed = true;
  }
  // Not a number as soon as one used bucket has no price: the domain tells why.
  if (!(picos <= Number.MAX_SAFE_INTEGER)) return undefined;
  const rest = picos % picosPerNano;
  const floor = (picos - rest) / picosPerNano;
  const isUp = rest > 500 || (rest === 500 && floor % 2 === 1);
  return { costNanos: isUp ? floor + 1 : floor, isAssumed: isAnyAssumed, isUnsized: false };
}
