import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explainRating } from './explain-rating.ts';
import type { AttemptFact } from '../facts/facts.ts';
import { maxAmountNanos } from '../money/money.ts';
import type { BucketPrices, Price, PriceRule } from './price.ts';
import { rateAttempt } from './rate-attempt.ts';
import { rate, type Rating, type RatingContext } from './rating.ts';
import { dayMs, isInWindow } from './select-prices.ts';
import { type Usage, type UsageBuckets, usageBuckets } from './usage.ts';

function everyBucket<T>(value: fc.Arbitrary<T>): fc.Arbitrary<{ [bucket: string]: T }> {
  return fc.record(Object.fromEntries(usageBuckets.map((bucket) => [bucket, value])));
}

function someBuckets<T>(value: fc.Arbitrary<T>): fc.Arbitrary<{ [bucket: string]: T }> {
  return fc
    .tuple(everyBucket(value), fc.subarray([...usageBuckets]))
    .map(([all, kept]) =>
      Object.fromEntries(Object.entries(all).filter(([name]) => kept.some((bucket) => bucket === name))),
    );
}

const picos = fc.bigInt(0n, 10n ** 9n);
const ppm = fc.bigInt(0n, 3_000_000n);
const allPrices: fc.Arbitrary<BucketPrices> = everyBucket(picos);
const someUnits: fc.Arbitrary<UsageBuckets> = someBuckets(fc.nat(2_000_000));
const timeOfDay = fc.nat(dayMs - 1);
const rule: fc.Arbitrary<PriceRule> = fc.record({
  when: fc.oneof(
    fc.record({ minTotalInputGt: fc.nat(3_000_000) }),
    fc.record({ serviceTier: fc.constantFrom('priority', 'flex') }),
    fc.record({ batch: fc.boolean() }),
    fc.record({ region: fc.constantFrom('eu', 'us') }),
    fc.record({ utcStartMs: timeOfDay, utcEndMs: timeOfDay }),
  ),
  picosPerUnit: someBuckets(picos),
});
const price: fc.Arbitrary<Price> = fc.record(
  {
    versionId: fc.constant('v'),
    picosPerUnit: allPrices,
    rules: fc.array(rule, { maxLength: 5 }),
    tierMode: fc.constantFrom('cliff' as const, 'marginal' as const),
    picosPerCall: picos,
    batchRatioPpm: ppm,
    regionRatioPpm: fc.record({ eu: ppm }),
  },
  { requiredKeys: ['versionId', 'picosPerUnit'] },
);
const usage: fc.Arbitrary<Usage> = fc.record(
  {
    buckets: someUnits,
    source: fc.constantFrom('provider' as const, 'estimated' as const),
    servedTier: fc.constantFrom('default', 'priority', 'flex', 'batch'),
    reportedCostNanos: fc.bigInt(0n, 10n ** 12n),
  },
  { requiredKeys: ['buckets', 'source'] },
);
const context: fc.Arbitrary<RatingContext> = fc.record(
  {
    startedAtMs: fc.nat({ max: 4_000_000_000_000 }),
    batch: fc.boolean(),
    region: fc.constantFrom('eu', 'us', 'constructor'),
    contract: fc.record({ versionId: fc.constant('k'), ratioPpm: ppm }),
  },
  { requiredKeys: ['startedAtMs'] },
);

/** The exact amount as a fraction of nano-USD. */
function exactly({ lines, ratios }: Rating): { dividend: bigint; divisor: bigint } {
  let divisor = 1n;
  let work = 0n;
  let fees = 0n;
  for (const line of lines) {
    if (line.isFee) fees += line.picos;
    else work += line.picos;
  }
  for (const ratio of ratios) {
    work *= ratio.ppm;
    divisor *= 1_000_000n;
  }
  return { dividend: work + fees * divisor, divisor: divisor * 1000n };
}

describe('any rating', () => {
  it('is the exact sum of its lines, times its ratios, within half a nano', () => {
    fc.assert(
      fc.property(usage, price, context, (used, terms, how) => {
        const rated = rate(used, terms, how);
        const { dividend, divisor } = exactly(rated);
        const error = (rated.computedCostNanos ?? -1n) * divisor - dividend;
        expect(2n * (error < 0n ? -error : error)).toBeLessThanOrEqual(divisor);
        for (const line of rated.lines) expect(line.picos).toBe(BigInt(line.units) * line.picosPerUnit);
      }),
    );
  });

  it('has a line for each used unit, once, whatever tiers split it', () => {
    fc.assert(
      fc.property(usage, price, context, (used, terms, how) => {
        const { lines } = rate(used, terms, how);
        for (const bucket of usageBuckets) {
          const units = lines.filter((line) => line.bucket === bucket).reduce((sum, line) => sum + line.units, 0);
          expect(units).toBe(used.buckets[bucket] ?? 0);
        }
      }),
    );
  });

  it('is never negative, and never zero because a price is missing', () => {
    fc.assert(
      fc.property(usage, someBuckets(picos), context, (used, picosPerUnit, how) => {
        const rated = rate(used, { versionId: 'v', picosPerUnit }, how);
        if (rated.unpriced.length > 0) expect(rated.computedCostNanos).toBeNull();
        expect(rated.costNanos ?? 0n).toBeGreaterThanOrEqual(0n);
      }),
    );
  });

  it('grows with usage while no tier makes more cheaper', () => {
    const flat = allPrices.map((picosPerUnit): Price => ({ versionId: 'v', picosPerUnit }));
    const added = fc.record({ bucket: fc.constantFrom(...usageBuckets), more: fc.nat(1000) });
    fc.assert(
      fc.property(someUnits, flat, added, (buckets, terms, { bucket, more }) => {
        const grown = { ...buckets, [bucket]: (buckets[bucket] ?? 0) + more };
        const before = rate({ buckets, source: 'provider' }, terms).costNanos ?? -1n;
        expect(rate({ buckets: grown, source: 'provider' }, terms).costNanos).toBeGreaterThanOrEqual(before);
      }),
    );
  });

  it('is not dearer by marginal tiers than by cliffs when tiers only rise, and equal below the first', () => {
    const rising = fc.record({ base: picos, step: picos, threshold: fc.nat(2_000_000), input: fc.nat(4_000_000) });
    fc.assert(
      fc.property(rising, ({ base, step, threshold, input }) => {
        const rules = [{ when: { minTotalInputGt: threshold }, picosPerUnit: { input: base + step } }];
        const terms = { versionId: 'v', picosPerUnit: { input: base }, rules };
        const used = { buckets: { input }, source: 'provider' as const };
        const cliff = rate(used, terms).costNanos ?? -1n;
        const marginal = rate(used, { ...terms, tierMode: 'marginal' }).costNanos ?? -1n;
        expect(marginal).toBeLessThanOrEqual(cliff);
        if (input <= threshold) expect(marginal).toBe(cliff);
      }),
    );
  });

  it('is repeated from the recorded attempt to the nano', () => {
    fc.assert(
      fc.property(usage, price, context, (used, terms, how) => {
        const rated = rate(used, terms, how);
        const fact: AttemptFact = {
          type: 'attempt',
          requestId: 'req_1',
          attempt: 1,
          host: 'acme',
          upstreamModel: 'm',
          dialect: 'openai-chat',
          startedAtMs: how.startedAtMs,
          totalMs: 1,
          usage: used.buckets,
          usageSource: used.source,
          costNanos: rated.costNanos?.toString() ?? null,
          flags: [],
          ...(used.servedTier !== undefined && { servedTier: used.servedTier }),
          ...(used.reportedCostNanos !== undefined && { reportedCostNanos: used.reportedCostNanos.toString() }),
          ...(how.batch !== undefined && { batch: how.batch }),
          ...(how.region !== undefined && { region: how.region }),
        };
        expect(rateAttempt(fact, terms, how.contract)).toEqual(rated);
      }),
    );
  });

  it('is shown with the figures it was made of, in texts that JSON can carry', () => {
    fc.assert(
      fc.property(usage, price, context, (used, terms, how) => {
        const rated = rate(used, terms, how);
        const shown = explainRating(rated);
        expect(JSON.parse(JSON.stringify(shown))).toEqual(shown);
        expect(shown.lines.reduce((sum, line) => sum + BigInt(line.picos), 0n)).toBe(
          rated.lines.reduce((sum, line) => sum + line.picos, 0n),
        );
        expect(shown.text.at(-1)).toContain(rated.costNanos === null ? 'unknown' : rated.costNanos.toString());
      }),
    );
  });
});

describe('windows of the day', () => {
  it('partition the day: each instant lies in a window or in its complement, never in both', () => {
    fc.assert(
      fc.property(timeOfDay, timeOfDay, fc.integer({ min: -(10 ** 13), max: 10 ** 13 }), (start, end, atMs) => {
        fc.pre(start !== end);
        expect(isInWindow(atMs, start, end)).toBe(!isInWindow(atMs, end, start));
      }),
    );
  });
});

describe('what cannot be stored', () => {
  const dear: Price = { versionId: 'v', picosPerUnit: { input: 10n ** 9n } };

  it('[money 79] is refused, not wrapped: amounts beyond the range, and units that no provider can mean', () => {
    for (const input of [
      Number.MAX_SAFE_INTEGER,
      Number.MAX_SAFE_INTEGER + 3,
      1.5,
      -1,
      Number.NaN,
      Number.POSITIVE_INFINITY,
    ]) {
      const rated = rate({ buckets: { input }, source: 'provider' }, dear);
      expect(rated.costNanos, String(input)).toBeNull();
      expect(rated.isOutOfRange).toBe(true);
    }
    const reported = rate({ buckets: {}, source: 'provider', reportedCostNanos: maxAmountNanos + 1n }, dear);
    expect(reported).toMatchObject({ costNanos: null, isOutOfRange: true });
    expect(rate({ buckets: { input: 9_223_372_036_854 }, source: 'provider' }, dear).costNanos).toBe(
      9_223_372_036_854_000_000n,
    );
  });
});
