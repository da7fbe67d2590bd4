import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Price, PriceRule } from '../../../domain/rating/price.ts';
import { rate } from '../../../domain/rating/rating.ts';
import { type UsageBuckets, usageBuckets } from '../../../domain/rating/usage.ts';
import type { AuditRow } from '../audit-row.ts';
import { FlatPrices } from './flat-prices.ts';
import { NanosSum } from './nanos-sum.ts';
import { contextOf, RowRater } from './row-rater.ts';
import { noUnits, readUnits } from './units.ts';

const units = fc.oneof(
  { weight: 20, arbitrary: fc.integer({ min: 0, max: 2_000_000 }) },
  fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
);
const picos = fc.oneof(
  { weight: 20, arbitrary: fc.bigInt(0n, 200_000_000n) },
  { weight: 10, arbitrary: fc.bigInt(0n, 2_000n) },
  { weight: 1, arbitrary: fc.bigInt(0n, 2n ** 60n) },
);
const someBuckets = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<{ [name: string]: Value }> =>
  fc.dictionary(fc.constantFrom(...usageBuckets), value, { maxKeys: 6, noNullPrototype: true });
const rule: fc.Arbitrary<PriceRule> = fc.record({
  when: fc.record(
    {
      minTotalInputGt: fc.integer({ min: 0, max: 500_000 }),
      batch: fc.boolean(),
      serviceTier: fc.constantFrom('flex', 'batch'),
    },
    { requiredKeys: [] },
  ),
  picosPerUnit: someBuckets(picos),
}) as fc.Arbitrary<PriceRule>;
const price: fc.Arbitrary<Price> = fc.record(
  {
    versionId: fc.constant('v1'),
    picosPerUnit: fc.oneof(
      { weight: 3, arbitrary: fc.record(Object.fromEntries(usageBuckets.map((bucket) => [bucket, picos]))) },
      someBuckets(picos),
    ),
    picosPerCall: picos,
    rules: fc.array(rule, { maxLength: 4 }),
    tierMode: fc.constantFrom('cliff' as const, 'marginal' as const),
    batchRatioPpm: fc.constant(500_000n),
    regionRatioPpm: fc.constant({ eu: 1_100_000n }),
  },
  { requiredKeys: ['versionId', 'picosPerUnit'] },
) as fc.Arbitrary<Price>;
const row: fc.Arbitrary<AuditRow> = fc
  .record({
    buckets: someBuckets(units) as fc.Arbitrary<UsageBuckets>,
    tier: fc.constantFrom(undefined, 'flex', 'batch'),
    batch: fc.constantFrom(undefined, true, false),
    region: fc.constantFrom(undefined, 'eu', 'us'),
  })
  .map(({ buckets, tier, batch, region }) => ({
    startedAtMs: 0,
    modelName: 'm',
    usage: { buckets, source: 'provider', ...(tier !== undefined && { servedTier: tier }) },
    calls: 1,
    outcome: 'answered',
    ...(batch !== undefined && { batch }),
    ...(region !== undefined && { region }),
  }));

function unitsOf({ usage }: AuditRow): Float64Array {
  const read = noUnits();
  readUnits(usage.buckets, read);
  return read;
}

describe('the rating of a row', () => {
  it('is that of the domain for every usage and price, to the nano, in doubles or not', () => {
    const rater = new RowRater();
    const flat = new FlatPrices();
    let shortcuts = 0;
    fc.assert(
      fc.property(row, price, (one, at) => {
        const expected = rate(one.usage, at, contextOf(one));
        const found = rater.costOf(one, at, unitsOf(one));
        expect(found.costNanos === null ? null : BigInt(found.costNanos)).toBe(expected.costNanos);
        if (expected.costNanos !== null) expect(found.isAssumed).toBe(expected.isAssumed);
        if (flat.costOf(one, at, unitsOf(one))) shortcuts++;
      }),
      { numRuns: 2000 },
    );
    expect(shortcuts).toBeGreaterThan(100);
  });

  it.each([
    [500n, 1, 0n],
    [500n, 3, 2n],
    [501n, 1, 1n],
    [1_500n, 1, 2n],
    [2_500n, 1, 2n],
    [9_007_199_254_740_991n, 1, 9_007_199_254_741n],
  ])('rounds %s picos times %s half to even', (picosPerUnit, used, nanos) => {
    const one: AuditRow = {
      startedAtMs: 0,
      modelName: 'm',
      usage: { buckets: { input: used }, source: 'provider' },
      calls: 1,
      outcome: 'answered',
    };
    const cost = new FlatPrices().costOf(one, { versionId: 'v', picosPerUnit: { input: picosPerUnit } }, unitsOf(one));
    expect(BigInt(cost?.costNanos ?? -1)).toBe(nanos);
  });

  it('reads every bucket that there is', () => {
    const buckets = Object.fromEntries(usageBuckets.map((bucket, at) => [bucket, at + 1]));
    const read = noUnits();
    readUnits(buckets, read);
    expect([...read]).toEqual(usageBuckets.map((_, at) => at + 1));
  });
});

describe('a sum of amounts', () => {
  it('is exact for any mix of sizes', () => {
    const amount = fc.oneof(
      fc.maxSafeInteger(),
      fc.integer(),
      fc.bigInt(-(2n ** 70n), 2n ** 70n),
      fc.constantFrom(2 ** 52 - 1, 2 ** 52, -(2 ** 52), Number.MAX_SAFE_INTEGER),
    );
    fc.assert(
      fc.property(fc.array(amount, { maxLength: 40 }), (amounts) => {
        const sum = new NanosSum();
        for (const one of amounts) sum.add(one);
        expect(sum.total).toBe(amounts.reduce((total: bigint, one) => total + BigInt(one), 0n));
      }),
    );
  });
});
