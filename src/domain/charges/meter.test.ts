import { assert, bigInt, constantFrom, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chargeOf } from './charge.ts';
import { firstPriceOf, includedUnitsOf, overageOf, priceOfPeriod, settlementOf, stepsOf } from './meter.ts';
import { atCostPlan, type Meter } from './plan.ts';

const meter: Meter = {
  name: 'tokens',
  buckets: ['input', 'output'],
  includedUnits: 0n,
  includedUnitsPerSeat: 0n,
  mode: 'graduated',
  steps: [
    { upTo: 1_000_000n, picosPerUnit: 3_000_000n },
    { upTo: undefined, picosPerUnit: 2_000_000n },
  ],
};

describe('a period', () => {
  const use = { units: 2_500_000n, includedUnits: 0n };

  test('[money 57] graduated: the first million at 3, the rest at 2', () => {
    expect(priceOfPeriod(meter, use) / 1000n).toBe(6_000_000_000n);
    expect(stepsOf(meter, use.units).map(({ units }) => units)).toEqual([1_000_000n, 1_500_000n]);
  });

  test('[money 57] volume: all of it at 2', () => {
    expect(priceOfPeriod({ ...meter, mode: 'volume' }, use) / 1000n).toBe(5_000_000_000n);
  });

  test('the last unit of a step still has its price', () => {
    const exactly = { units: 1_000_000n, includedUnits: 0n };
    expect(priceOfPeriod({ ...meter, mode: 'volume' }, exactly) / 1000n).toBe(3_000_000_000n);
  });

  test('[money 58] one unit beyond the included ones is an overage of exactly one', () => {
    expect(overageOf(1_000_001n, 1_000_000n)).toBe(1n);
    expect(overageOf(999_999n, 1_000_000n)).toBe(0n);
    expect(priceOfPeriod(meter, { units: 1_000_001n, includedUnits: 1_000_000n })).toBe(3_000_000n);
  });

  test('seats add their own included units', () => {
    expect(includedUnitsOf({ ...meter, includedUnits: 5n, includedUnitsPerSeat: 100n }, 3n)).toBe(305n);
  });
});

test('the parts on each step add up to the price of the period, whatever was included', () => {
  const units = bigInt({ min: 0n, max: 5_000_000n });
  assert(
    property(
      units,
      bigInt({ min: 0n, max: 2_000_000n }),
      constantFrom('graduated', 'volume'),
      (used, included, mode) => {
        const own = { ...meter, mode };
        const use = { units: used, includedUnits: included };
        const parts = stepsOf(own, overageOf(used, included));
        expect(parts.reduce((sum, part) => sum + part.units * part.picosPerUnit, 0n)).toBe(priceOfPeriod(own, use));
        expect(settlementOf(own, use) + used * firstPriceOf(own)).toBe(priceOfPeriod(own, use));
      },
    ),
  );
});

describe('an exchange', () => {
  const usage = { input: 600_000, output: 600_000 };
  const context = { model: 'm', status: 'completed', attempts: [{ fate: 'delivered', costNanos: 1n, usage }] } as const;

  test('is charged at the first step, whatever the period has seen', () => {
    expect(chargeOf({ ...atCostPlan, meters: [meter] }, context).chargeNanos).toBe(3_600_000_000n);
  });

  test('is not priced by a meter of other models', () => {
    const other = { ...atCostPlan, meters: [{ ...meter, models: ['other'] }] };
    expect(chargeOf(other, context).chargeNanos).toBe(1n);
  });
});
