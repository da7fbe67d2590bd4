import { ownValue } from '../json/own-value.ts';
import type { BucketPrices, PriceCondition, PriceTerms } from './price.ts';

/** What decides which rules of a price hold for one attempt. */
export interface Circumstances {
  /** Start of the attempt by the clock; the time of day of its start decides, not of its end. */
  readonly startedAtMs: number;
  /** Everything the model read, cached and written units included. */
  readonly totalInput: number;
  readonly servedTier: string | undefined;
  readonly batch: boolean;
  readonly region: string | undefined;
}

/** Prices after the rules, and whether one of them was made for batches. */
export interface SelectedPrices {
  readonly picosPerUnit: BucketPrices;
  readonly hasBatchPrices: boolean;
}

/** Milliseconds of a day: windows are times of day. */
export const dayMs = 86_400_000;

/** The prices in force: of all rules that hold the last wins bucket by bucket; what no rule names stays as it was. */
export function selectPrices(terms: PriceTerms, circumstances: Circumstances): SelectedPrices {
  let picosPerUnit = terms.picosPerUnit;
  let hasBatchPrices = false;
  for (const rule of terms.rules ?? []) {
    if (!holds(rule.when, circumstances)) continue;
    picosPerUnit = { ...picosPerUnit, ...rule.picosPerUnit };
    if (rule.when.batch === true) hasBatchPrices = true;
  }
  return { picosPerUnit, hasBatchPrices };
}

/** Whether every stated condition holds. */
export function holds(when: PriceCondition, circumstances: Circumstances): boolean {
  if (when.minTotalInputGt !== undefined && circumstances.totalInput <= when.minTotalInputGt) return false;
  if (when.serviceTier !== undefined && when.serviceTier !== circumstances.servedTier) return false;
  if (when.batch !== undefined && when.batch !== circumstances.batch) return false;
  if (when.region !== undefined && when.region !== circumstances.region) return false;
  if (when.utcStartMs === undefined || when.utcEndMs === undefined) return true;
  return isInWindow(circumstances.startedAtMs, when.utcStartMs, when.utcEndMs);
}

/** Whether an instant lies in a daily half-open window; one that ends before it starts goes over midnight. */
export function isInWindow(atMs: number, startMs: number, endMs: number): boolean {
  const timeOfDayMs = ((atMs % dayMs) + dayMs) % dayMs;
  return startMs <= endMs
    ? timeOfDayMs >= startMs && timeOfDayMs < endMs
    : timeOfDayMs >= startMs || timeOfDayMs < endMs;
}

/** The ratio of a region, when the price has one for it. */
export function regionRatioOf(terms: PriceTerms, region: string | undefined): bigint | undefined {
  return region === undefined || terms.regionRatioPpm === undefined
    ? undefined
    : ownValue(terms.regionRatioPpm, region);
}
