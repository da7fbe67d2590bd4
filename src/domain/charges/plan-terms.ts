import { parseDecimal, scaleDecimal } from '../money/decimal.ts';
import type { ListPrice, Meter, OutcomePrice, Plan, PrepaidPack } from './plan.ts';
import { type UsageBucket, usageBuckets } from '../rating/usage.ts';

/** Prices in USD per million units by bucket, as text. */
export type PriceText = { readonly [Bucket in UsageBucket]?: string | undefined };

/** A meter as people write it: prices in USD per million units, counts as text. */
export interface MeterTerms {
  readonly name: string;
  readonly buckets: readonly UsageBucket[];
  readonly models?: readonly string[] | undefined;
  readonly includedUnits?: string | undefined;
  readonly includedUnitsPerSeat?: string | undefined;
  readonly mode?: 'graduated' | 'volume' | undefined;
  readonly steps: readonly { readonly upTo?: string | undefined; readonly price: string }[];
}

/**
 * Terms of a plan as the configuration and the control API write them and the database keeps them: decimal text, so
 * that no figure passes through a float. Amounts are USD.
 */
export interface PlanTerms {
  readonly markupPercent?: string | undefined;
  readonly prices?: { readonly [model: string]: PriceText } | undefined;
  readonly jobPrices?: { readonly [job: string]: string } | undefined;
  readonly outcomePrices?:
    | readonly {
        readonly kind: string;
        readonly job?: string | undefined;
        readonly atLeast?: number | undefined;
        readonly price: string;
      }[]
    | undefined;
  readonly meters?: readonly MeterTerms[] | undefined;
  readonly cachedPercent?: string | undefined;
  readonly attempts?: 'last' | 'all' | undefined;
  readonly chargeFloorPercent?: string | undefined;
  readonly marginFloorPercent?: string | undefined;
  readonly baseFee?: string | undefined;
  readonly seatFee?: string | undefined;
  readonly commitment?: string | undefined;
  readonly packs?:
    | readonly {
        readonly name: string;
        readonly price: string;
        readonly credit: string;
        readonly validDays?: string | undefined;
      }[]
    | undefined;
}

/** What tells one version of a plan from another. */
export interface PlanIdentity {
  readonly name: string;
  readonly versionId: string;
  readonly validFromMs: number;
}

/** Decimal places from what people write to what is computed with. */
const digits = { percentToPpm: 4, usdToNanos: 9, usdPerMillionToPicos: 6, units: 0 } as const;

/** A figure of a plan that is no exact decimal: terms are never rounded silently. */
export class PlanTermsError extends Error {
  readonly text: string;

  constructor(text: string, meaning: string) {
    super(`${JSON.stringify(text)} is not ${meaning}`);
    this.name = 'PlanTermsError';
    this.text = text;
  }
}

/** Reads the terms of one version of a plan; throws a PlanTermsError at a figure that cannot be kept exactly. */
export function readPlan(identity: PlanIdentity, terms: PlanTerms): Plan {
  return {
    ...identity,
    markupPpm: percent(terms.markupPercent) ?? 0n,
    prices: mapValues(terms.prices, readListPrice),
    jobPricesNanos: mapValues(terms.jobPrices, amount),
    outcomePrices: (terms.outcomePrices ?? []).map(readOutcomePrice),
    meters: (terms.meters ?? []).map(readMeter),
    cachedRatioPpm: percent(terms.cachedPercent) ?? 0n,
    attempts: terms.attempts ?? 'last',
    chargeFloorPpm: percent(terms.chargeFloorPercent) ?? 0n,
    marginFloorPpm: percent(terms.marginFloorPercent),
    baseFeeNanos: terms.baseFee === undefined ? 0n : amount(terms.baseFee),
    seats: terms.seatFee === undefined ? undefined : { feeNanos: amount(terms.seatFee) },
    commitmentNanos: terms.commitment === undefined ? 0n : amount(terms.commitment),
    packs: (terms.packs ?? []).map(readPack),
  };
}

/** Everything wrong with the terms beyond the form of single figures, for the one who writes them. */
export function planProblems(terms: PlanTerms): readonly string[] {
  const problems: string[] = [];
  for (const meter of terms.meters ?? []) {
    const bounds = meter.steps.slice(0, -1).map(({ upTo }) => upTo);
    if (meter.steps.length === 0) problems.push(`meter ${meter.name} has no steps`);
    if (meter.steps.at(-1)?.upTo !== undefined) problems.push(`the last step of meter ${meter.name} must be open`);
    const rises = bounds.every((bound, index) => isAbove(bound, index === 0 ? '0' : bounds[index - 1]));
    if (!rises) problems.push(`the steps of meter ${meter.name} must rise`);
  }
  const names = (terms.meters ?? []).map(({ name }) => name);
  if (new Set(names).size < names.length) problems.push('two meters have the same name');
  return problems;
}

/** Whether a step ends after the one before it; a text that is no count is told elsewhere. */
function isAbove(bound: string | undefined, previous: string | undefined): boolean {
  const isCount = /^[0-9]+$/;
  if (bound === undefined || previous === undefined) return false;
  return !isCount.test(bound) || !isCount.test(previous) || BigInt(bound) > BigInt(previous);
}

function readListPrice(price: PriceText): ListPrice {
  const list: { [Bucket in UsageBucket]?: bigint } = {};
  for (const bucket of usageBuckets) {
    const text = price[bucket];
    if (text !== undefined) list[bucket] = unitPrice(text);
  }
  return list;
}

function readOutcomePrice(terms: NonNullable<PlanTerms['outcomePrices']>[number]): OutcomePrice {
  return {
    kind: terms.kind,
    amountNanos: amount(terms.price),
    ...(terms.job !== undefined && { job: terms.job }),
    ...(terms.atLeast !== undefined && { atLeast: terms.atLeast }),
  };
}

function readMeter(terms: MeterTerms): Meter {
  return {
    name: terms.name,
    buckets: terms.buckets,
    ...(terms.models && { models: terms.models }),
    includedUnits: count(terms.includedUnits ?? '0'),
    includedUnitsPerSeat: count(terms.includedUnitsPerSeat ?? '0'),
    mode: terms.mode ?? 'graduated',
    steps: terms.steps.map(({ upTo, price }) => ({
      upTo: upTo === undefined ? undefined : count(upTo),
      picosPerUnit: unitPrice(price),
    })),
  };
}

function readPack(terms: NonNullable<PlanTerms['packs']>[number]): PrepaidPack {
  const pack = { name: terms.name, priceNanos: amount(terms.price), creditNanos: amount(terms.credit) };
  return terms.validDays === undefined ? pack : { ...pack, validDays: Number(count(terms.validDays)) };
}

function percent(text: string | undefined): bigint | undefined {
  return text === undefined ? undefined : exactly(text, digits.percentToPpm, 'a percentage of at most 4 decimals');
}

function amount(text: string): bigint {
  return exactly(text, digits.usdToNanos, 'an amount in USD of at most 9 decimals');
}

function unitPrice(text: string): bigint {
  return exactly(text, digits.usdPerMillionToPicos, 'a price in USD per million units of at most 6 decimals');
}

function count(text: string): bigint {
  return exactly(text, digits.units, 'a whole number');
}

function exactly(text: string, decimals: number, meaning: string): bigint {
  const decimal = parseDecimal(text);
  const scaled = decimal && scaleDecimal(decimal, decimals);
  if (!scaled?.exact) throw new PlanTermsError(text, meaning);
  return scaled.value;
}

function mapValues<From, To>(
  table: { readonly [key: string]: From } | undefined,
  convert: (value: From) => To,
): { readonly [key: string]: To } {
  return Object.fromEntries(Object.entries(table ?? {}).map(([key, value]) => [key, convert(value)]));
}
