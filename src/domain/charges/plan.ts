import { ownValue } from '../json/own-value.ts';
import type { UsageBucket } from '../rating/usage.ts';

/** One whole in parts per million: ratios of money are integers, 200000 is 20 %. */
export const onePpm = 1_000_000n;

/** A customer's own price of a model: pico-USD per unit of each bucket. An absent bucket is unknown, 0 is free. */
export type ListPrice = { readonly [Bucket in UsageBucket]?: bigint };

/**
 * One step of a price by volume. `upTo` is the last unit of the step, counted from the start of the period; the last
 * step has none.
 */
export interface PriceStep {
  readonly upTo: bigint | undefined;
  readonly picosPerUnit: bigint;
}

/**
 * What is counted over a whole period: the units of some buckets, of some models. Some may be included in the base fee;
 * the others are priced by steps. `graduated`: each unit costs what its own step says. `volume`: all units cost what the
 * reached step says.
 */
export interface Meter {
  readonly name: string;
  readonly buckets: readonly UsageBucket[];
  /** Names of models; all when absent. */
  readonly models?: readonly string[];
  /** Units the base fee pays for, per period. */
  readonly includedUnits: bigint;
  /** Units each seat adds to the included ones. */
  readonly includedUnitsPerSeat: bigint;
  readonly mode: 'graduated' | 'volume';
  /** At least one; they count from the first unit that is not included, and the last is open. */
  readonly steps: readonly PriceStep[];
}

/** What a customer pays once an answer has proved its worth: the price of an outcome of one kind. */
export interface OutcomePrice {
  readonly kind: string;
  /** Only for this job; for every job when absent. */
  readonly job?: string;
  /** Least value that counts, for kinds with a scale. */
  readonly atLeast?: number;
  readonly amountNanos: bigint;
}

/** Credit sold in advance: paid when bought, used up by charges. */
export interface PrepaidPack {
  readonly name: string;
  readonly priceNanos: bigint;
  readonly creditNanos: bigint;
  readonly validDays?: number;
}

/** What a customer pays per seat and period, whoever uses it. */
export interface SeatTerms {
  readonly feeNanos: bigint;
}

/** Which attempts of an exchange a customer pays: what was delivered, or everything that was tried. */
export type ChargedAttempts = 'last' | 'all';

/**
 * Commercial terms of a customer, in one version. The first rule that applies to an exchange prices it: an outcome
 * price (nothing is due until the outcome), a price per job, a meter, the own price list, else the markup on cost.
 */
export interface Plan {
  /** Identifies the version; stored in the final fact of every exchange it charged. */
  readonly versionId: string;
  readonly name: string;
  /** In force from here until the next version of the same plan. */
  readonly validFromMs: number;
  /** Added to cost: 200000 is 20 %. */
  readonly markupPpm: bigint;
  /** Own prices by model; `*` is for every other model. */
  readonly prices: { readonly [model: string]: ListPrice };
  /** A fixed amount per completed exchange of a job. */
  readonly jobPricesNanos: { readonly [job: string]: bigint };
  readonly outcomePrices: readonly OutcomePrice[];
  readonly meters: readonly Meter[];
  /** Share of the saved cost that an answer from the cache is charged on. */
  readonly cachedRatioPpm: bigint;
  readonly attempts: ChargedAttempts;
  /** A charge is never less than this share of its cost. */
  readonly chargeFloorPpm: bigint;
  /** Least margin, as a share of the charge; below it an alert is raised. */
  readonly marginFloorPpm: bigint | undefined;
  readonly baseFeeNanos: bigint;
  readonly seats: SeatTerms | undefined;
  /** Least a customer pays per period; the rest is billed as a line of its own. */
  readonly commitmentNanos: bigint;
  readonly packs: readonly PrepaidPack[];
}

/** Terms of a customer without a plan: the charge is the cost. */
export const atCostPlan: Plan = Object.freeze({
  versionId: 'at-cost@1',
  name: 'at-cost',
  validFromMs: 0,
  markupPpm: 0n,
  prices: {},
  jobPricesNanos: {},
  outcomePrices: [],
  meters: [],
  cachedRatioPpm: 0n,
  attempts: 'last',
  chargeFloorPpm: 0n,
  marginFloorPpm: undefined,
  baseFeeNanos: 0n,
  seats: undefined,
  commitmentNanos: 0n,
  packs: [],
});

/** The version in force at an instant: the latest that has begun. History is never priced again. */
export function planAt(versions: readonly Plan[], atMs: number): Plan | undefined {
  let found: Plan | undefined;
  for (const version of versions) {
    if (version.validFromMs <= atMs && (!found || version.validFromMs >= found.validFromMs)) found = version;
  }
  return found;
}

/** The plan's own price of a model. */
export function listPriceOf(plan: Plan, model: string): ListPrice | undefined {
  return ownValue(plan.prices, model) ?? plan.prices['*'];
}

/** The first meter that counts a bucket of a model; a unit is counted once. */
export function meterOf(plan: Plan, model: string, bucket: UsageBucket): Meter | undefined {
  return plan.meters.find((meter) => meter.buckets.includes(bucket) && (meter.models?.includes(model) ?? true));
}
