import type { BucketPrices, PriceCondition, PriceRule, PriceTerms } from '../../domain/rating/price.ts';
import { type UsageBucket, usageBuckets } from '../../domain/rating/usage.ts';

/** Every figure of a price under a name of its own, so that prices can be compared figure by figure. */
export type FlatTerms = ReadonlyMap<string, bigint>;

/** Figures that two catalogs may differ by and still agree: one percent, or one pico. */
const toleranceDivisor = 100n;

/** Names each figure: `input`, `output@{"minTotalInputGt":200000}`, `call`, `batch`, `region:eu`. */
export function flattenTerms(terms: PriceTerms): FlatTerms {
  const flat = new Map<string, bigint>();
  addBuckets(flat, terms.picosPerUnit, '');
  for (const { when, picosPerUnit } of terms.rules ?? []) addBuckets(flat, picosPerUnit, `@${conditionText(when)}`);
  if (terms.picosPerCall !== undefined) flat.set('call', terms.picosPerCall);
  if (terms.batchRatioPpm !== undefined) flat.set('batch', terms.batchRatioPpm);
  if (terms.rules !== undefined && terms.tierMode !== undefined) {
    flat.set('tierMode', terms.tierMode === 'marginal' ? 1n : 0n);
  }
  for (const [region, ppm] of Object.entries(terms.regionRatioPpm ?? {})) flat.set(`region:${region}`, ppm);
  return flat;
}

/** Whether two figures are one and the same for two catalogs. */
export function isClose(left: bigint, right: bigint): boolean {
  const distance = left > right ? left - right : right - left;
  return distance <= 1n || distance * toleranceDivisor <= (left > right ? left : right);
}

/** Names of the figures that differ, be it by a digit, or that only one of the two has. */
export function changedFigures(from: FlatTerms, to: FlatTerms): readonly string[] {
  const names: string[] = [];
  for (const [name, value] of to) if (from.get(name) !== value) names.push(name);
  for (const name of from.keys()) if (!to.has(name)) names.push(name);
  return names;
}

/** The largest relative move among the named figures in parts per million; undefined for figures that were absent. */
export function largestMovePpm(from: FlatTerms, to: FlatTerms, names: readonly string[]): bigint | undefined {
  let largest = 0n;
  for (const name of names) {
    const before = from.get(name);
    const after = to.get(name);
    if (before === undefined || after === undefined || before === 0n) return undefined;
    const distance = after > before ? after - before : before - after;
    const ppm = (distance * 1_000_000n) / before;
    if (ppm > largest) largest = ppm;
  }
  return largest;
}

/** The price with the named figures as another has them; what neither base nor rule names stays. */
export function mergeTerms(base: PriceTerms, other: PriceTerms, names: ReadonlySet<string>): PriceTerms {
  const rules = mergeRules(base.rules ?? [], other.rules ?? [], names);
  const picosPerCall = names.has('call') ? other.picosPerCall : base.picosPerCall;
  const batchRatioPpm = names.has('batch') ? other.batchRatioPpm : base.batchRatioPpm;
  const tierMode = names.has('tierMode') ? other.tierMode : base.tierMode;
  const regions = mergeRegions(base.regionRatioPpm ?? {}, other.regionRatioPpm ?? {}, names);
  return {
    picosPerUnit: mergeBuckets(base.picosPerUnit, other.picosPerUnit, { names, suffix: '' }),
    ...(picosPerCall !== undefined && { picosPerCall }),
    ...(rules.length > 0 && { rules }),
    ...(rules.length > 0 && tierMode !== undefined && { tierMode }),
    ...(batchRatioPpm !== undefined && { batchRatioPpm }),
    ...(Object.keys(regions).length > 0 && { regionRatioPpm: regions }),
  };
}

/** One text per condition, whatever the order of its fields. */
function conditionText(when: PriceCondition): string {
  return JSON.stringify(Object.fromEntries(Object.entries(when).sort(([left], [right]) => (left < right ? -1 : 1))));
}

function addBuckets(flat: Map<string, bigint>, prices: BucketPrices, suffix: string): void {
  for (const [bucket, picos] of Object.entries(prices)) if (picos !== undefined) flat.set(`${bucket}${suffix}`, picos);
}

function mergeBuckets(
  base: BucketPrices,
  other: BucketPrices,
  { names, suffix }: { readonly names: ReadonlySet<string>; readonly suffix: string },
): BucketPrices {
  const merged: { [Bucket in UsageBucket]?: bigint } = {};
  for (const bucket of usageBuckets) {
    const picos = (names.has(`${bucket}${suffix}`) ? other : base)[bucket];
    if (picos !== undefined) merged[bucket] = picos;
  }
  return merged;
}

/** Context tiers stay in order of their thresholds, because the last rule that holds wins. */
function mergeRules(
  base: readonly PriceRule[],
  other: readonly PriceRule[],
  names: ReadonlySet<string>,
): readonly PriceRule[] {
  const whens = new Map([...base, ...other].map(({ when }) => [conditionText(when), when]));
  const merged: PriceRule[] = [];
  for (const [text, when] of whens) {
    const pricesIn = (rules: readonly PriceRule[]): BucketPrices =>
      rules.find((rule) => conditionText(rule.when) === text)?.picosPerUnit ?? {};
    const picosPerUnit = mergeBuckets(pricesIn(base), pricesIn(other), { names, suffix: `@${text}` });
    if (Object.keys(picosPerUnit).length > 0) merged.push({ when, picosPerUnit });
  }
  return merged.sort((left, right) => (left.when.minTotalInputGt ?? 0) - (right.when.minTotalInputGt ?? 0));
}

function mergeRegions(
  base: { readonly [region: string]: bigint },
  other: { readonly [region: string]: bigint },
  names: ReadonlySet<string>,
): { readonly [region: string]: bigint } {
  const kept = Object.entries(base).filter(([region]) => !names.has(`region:${region}`));
  const taken = Object.entries(other).filter(([region]) => names.has(`region:${region}`));
  return Object.fromEntries([...kept, ...taken]);
}
