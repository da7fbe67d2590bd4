import { assert, bigInt, integer, property, record, array, constantFrom, oneof, constant } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ChargeContext, type ChargedAttempt, chargeOf, chargeOfOutcome } from './charge.ts';
import { zeptosPerNano } from './charge-sum.ts';
import { divideHalfEven } from '../money/money.ts';
import { atCostPlan, type Plan, planAt } from './plan.ts';

const plan = (terms: Partial<Plan>): Plan => ({ ...atCostPlan, versionId: 'test@1', name: 'test', ...terms });

const delivered = (costNanos: bigint | null, rest: Partial<ChargedAttempt> = {}): ChargedAttempt => ({
  fate: 'delivered',
  costNanos,
  ...rest,
});

const answered = (costNanos: bigint | null, rest: Partial<ChargedAttempt> = {}): ChargeContext => ({
  model: 'm',
  status: 'completed',
  attempts: [delivered(costNanos, rest)],
});

describe('cost plus', () => {
  test.each([
    [10_150_000n, 200_000n, 12_180_000n],
    [3n, 200_000n, 4n],
    [1_234_567n, 175_000n, 1_450_616n],
    [0n, 200_000n, 0n],
  ])('[money 56] a cost of %s with a markup of %s ppm is charged as %s', (cost, markupPpm, charge) => {
    expect(chargeOf(plan({ markupPpm }), answered(cost)).chargeNanos).toBe(charge);
  });

  test('an unknown cost gives an unknown charge, never 0', () => {
    const charge = chargeOf(plan({ markupPpm: 200_000n }), answered(null));
    expect(charge.chargeNanos).toBeNull();
    expect(charge.costNanos).toBeNull();
  });

  test('a charge never falls under the floor of its plan', () => {
    const charge = chargeOf(plan({ prices: { '*': { input: 1_000_000n } }, chargeFloorPpm: 1_100_000n }), {
      ...answered(2_000_000n, { usage: { input: 1000 } }),
    });
    expect(charge.chargeNanos).toBe(2_200_000n);
    expect(charge.lines.at(-1)).toEqual({ rule: 'floor', zeptos: 1_200_000n * zeptosPerNano });
  });

  test('a margin under the floor is told, one at the floor is not', () => {
    const terms = plan({ markupPpm: 250_000n, marginFloorPpm: 200_000n });
    expect(chargeOf(terms, answered(8_000_000n)).belowMarginFloor).toBe(false);
    expect(chargeOf({ ...terms, markupPpm: 240_000n }, answered(8_000_000n)).belowMarginFloor).toBe(true);
  });
});

describe('answers from the cache', () => {
  const saved: ChargeContext = {
    model: 'm',
    status: 'completed',
    attempts: [],
    saved: { costNanos: 5_250_000n, usage: { input: 800, cacheRead: 200, output: 300 } },
  };

  test('[money 28] a cached ratio of a quarter charges a quarter of the saved cost, markup after it', () => {
    const charge = chargeOf(plan({ cachedRatioPpm: 250_000n }), saved);
    expect(charge).toMatchObject({ chargeNanos: 1_312_500n, costNanos: 0n, wasteNanos: 0n, absorbedNanos: 0n });
    expect(chargeOf(plan({ cachedRatioPpm: 250_000n, markupPpm: 200_000n }), saved).chargeNanos).toBe(1_575_000n);
  });

  test('without a ratio they are free, even when the saved cost is unknown', () => {
    expect(chargeOf(plan({}), { ...saved, saved: { costNanos: null } }).chargeNanos).toBe(0n);
  });

  test('an own price list is charged at the ratio as well', () => {
    const prices = { m: { input: 2_000_000n, output: 10_000_000n } };
    const charge = chargeOf(plan({ prices, cachedRatioPpm: 500_000n }), saved);
    expect(charge.chargeNanos).toBe(2_500_000n);
  });
});

describe('which attempts are paid', () => {
  const failover: ChargeContext = {
    model: 'm',
    status: 'completed',
    attempts: [{ fate: 'lost', costNanos: 4_800_000n }, delivered(750_000n)],
  };

  test('[money 29] `last` charges the attempt that answered and shows the other cost as waste', () => {
    expect(chargeOf(plan({ markupPpm: 0n }), failover)).toMatchObject({
      chargeNanos: 750_000n,
      wasteNanos: 4_800_000n,
      costNanos: 5_550_000n,
    });
  });

  test('[money 29] `all` charges everything that was tried', () => {
    expect(chargeOf(plan({ attempts: 'all' }), failover)).toMatchObject({ chargeNanos: 5_550_000n, wasteNanos: 0n });
  });

  test('a continued answer is paid in both its parts', () => {
    const context = { ...failover, attempts: [delivered(4_800_000n), delivered(750_000n)] };
    expect(chargeOf(plan({}), context).chargeNanos).toBe(5_550_000n);
  });

  test('[money 78] an empty answer is absorbed, but its search fee is charged', () => {
    const empty: ChargeContext = {
      model: 'm',
      status: 'failed',
      attempts: [
        { fate: 'empty', costNanos: 13_000_000n, feesNanos: 10_000_000n, usage: { input: 1000, requests: 1 } },
      ],
    };
    expect(chargeOf(plan({ markupPpm: 200_000n }), empty)).toMatchObject({
      chargeNanos: 12_000_000n,
      absorbedNanos: 3_000_000n,
      wasteNanos: 0n,
    });
  });

  test('an exchange that brought nothing is charged nothing under any plan', () => {
    const failed: ChargeContext = { ...failover, status: 'failed', attempts: [{ fate: 'lost', costNanos: 7n }] };
    expect(chargeOf(plan({ attempts: 'all' }), failed)).toMatchObject({ chargeNanos: 0n, absorbedNanos: 7n });
  });
});

describe('own prices', () => {
  test('each bucket has its own price; a model of its own goes before the star', () => {
    const prices = { '*': { input: 9_000_000n }, m: { input: 3_000_000n, output: 15_000_000n } };
    const charge = chargeOf(plan({ prices, markupPpm: 900_000n }), answered(1n, { usage: { input: 10, output: 2 } }));
    expect(charge.chargeNanos).toBe(60_000n);
    expect(charge.lines.map(({ rule }) => rule)).toEqual(['list', 'list']);
  });

  test('a bucket without a price makes the charge unknown and is named', () => {
    const charge = chargeOf(plan({ prices: { m: { input: 3n } } }), answered(5n, { usage: { input: 1, audioIn: 4 } }));
    expect(charge).toMatchObject({ chargeNanos: null, unpriced: ['audioIn'] });
  });

  test('cached input and reasoning fall back on input and output', () => {
    const usage = { input: 1, cacheRead: 2, output: 3, reasoning: 4 };
    const charge = chargeOf(plan({ prices: { m: { input: 1000n, output: 10_000n } } }), answered(5n, { usage }));
    expect(charge.chargeNanos).toBe(73n);
  });

  test('a price that the customer knows is charged though the cost is unknown', () => {
    const charge = chargeOf(plan({ prices: { m: { input: 1000n } } }), answered(null, { usage: { input: 5 } }));
    expect(charge).toMatchObject({ chargeNanos: 5n, costNanos: null });
  });

  test('the name of an inherited property is no model', () => {
    const context = { ...answered(7n), model: 'constructor' };
    expect(chargeOf(plan({ prices: {} }), context).chargeNanos).toBe(7n);
  });
});

describe('prices per job and outcome', () => {
  test('a job that is done costs its price whatever it used; one that failed costs nothing', () => {
    const terms = plan({ jobPricesNanos: { triage: 20_000_000n } });
    const done = { ...answered(1_000n), job: 'triage' };
    expect(chargeOf(terms, done).chargeNanos).toBe(20_000_000n);
    expect(chargeOf(terms, { ...done, status: 'failed' }).chargeNanos).toBe(0n);
    expect(chargeOf(terms, { ...done, job: 'other' }).chargeNanos).toBe(1_000n);
  });

  test('what is paid by its outcome is charged nothing before, and raises no margin alert', () => {
    const outcomePrices = [{ kind: 'resolved', atLeast: 0.5, amountNanos: 990_000_000n }];
    const terms = plan({ outcomePrices, marginFloorPpm: 100_000n });
    expect(chargeOf(terms, answered(1_000n))).toMatchObject({ chargeNanos: 0n, belowMarginFloor: false });
    expect(chargeOfOutcome(terms, { kind: 'resolved', value: 1 })).toBe(990_000_000n);
    expect(chargeOfOutcome(terms, { kind: 'resolved', value: 0.4 })).toBeUndefined();
    expect(chargeOfOutcome(terms, { kind: 'resolved' })).toBeUndefined();
    expect(chargeOfOutcome(terms, { kind: 'opened', value: 1 })).toBeUndefined();
  });
});

test('the version in force is the latest that has begun', () => {
  const versions = [plan({ versionId: 'p@2', validFromMs: 200 }), plan({ versionId: 'p@1', validFromMs: 100 })];
  expect(planAt(versions, 99)).toBeUndefined();
  expect(planAt(versions, 199)?.versionId).toBe('p@1');
  expect(planAt(versions, 200)?.versionId).toBe('p@2');
});

test('the lines of any charge add up to it before its one rounding', () => {
  const amount = bigInt({ min: 0n, max: 10n ** 13n });
  const attempts = array(
    record({
      fate: constantFrom('delivered', 'empty', 'lost'),
      costNanos: amount,
      usage: record({ input: integer({ min: 0, max: 1_000_000 }), reasoning: integer({ min: 0, max: 9999 }) }),
    }),
    { maxLength: 4 },
  );
  const terms = record({
    markupPpm: bigInt({ min: 0n, max: 3_000_000n }),
    attempts: constantFrom('last', 'all'),
    chargeFloorPpm: bigInt({ min: 0n, max: 2_000_000n }),
    prices: oneof(constant({}), record({ '*': record({ input: amount, output: amount }) })),
  });
  assert(
    property(terms, attempts, (own, tried) => {
      const charge = chargeOf(plan(own), { model: 'm', status: 'completed', attempts: tried });
      const exact = charge.lines.reduce((sum, line) => sum + line.zeptos, 0n);
      expect(charge.chargeNanos).toBe(divideHalfEven(exact, zeptosPerNano));
      const cost = tried.reduce((sum, attempt) => sum + attempt.costNanos, 0n);
      expect(charge.costNanos).toBe(cost);
      expect(charge.wasteNanos + charge.absorbedNanos).toBeLessThanOrEqual(cost);
    }),
  );
});
