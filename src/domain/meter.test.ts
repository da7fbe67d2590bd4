import { array, assert, bigInt, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chargeOf } from './charge.ts';
import { includedUnitsOf, overageOf, priceOfPeriod, priceOfUnits, stepsOf } from './meter.ts';
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

test('graduated prices of any pieces add up to the price of the period', () => {
  const pieces = array(bigInt({ min: 0n, max: 900_000n }), { maxLength: 12 });
  assert(
    property(pieces, bigInt({ min: 0n, max: 2_000_000n }), (units, includedUnits) => {
      let unitsBefore = 0n;
      let picos = 0n;
      for (const piece of units) {
        picos += priceOfUnits(meter, piece, { unitsBefore, includedUnits });
        unitsBefore += piece;
      }
      expect(picos).toBe(priceOfPeriod(meter, { units: unitsBefore, includedUnits }));
    }),
  );
});

describe('an exchange', () => {
  const plan = { ...atCostPlan, meters: [meter] };
  const usage = { input: 600_000, output: 600_000 };
  const context = { model: 'm', status: 'completed', attempts: [{ fate: 'delivered', costNanos: 1n, usage }] } as const;

  test('goes on where its own buckets have left the meter', () => {
    expect(chargeOf(plan, context).chargeNanos).toBe(3_400_000_000n);
  });

  test('goes on where the period stands', () => {
    const positionOf = () => ({ unitsBefore: 500_000n, includedUnits: 1_000_000n });
    expect(chargeOf(plan, { ...context, positionOf }).chargeNanos).toBe(2_100_000_000n);
  });

  test('is not priced by a meter of other models', () => {
    const other = { ...atCostPlan, meters: [{ ...meter, models: ['other'] }] };
    expect(chargeOf(other, context).chargeNanos).toBe(1n);
  });
});
