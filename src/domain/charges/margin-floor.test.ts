import { expect, test } from 'vitest';
import { chargeOf } from './charge.ts';
import { customersPushedBelow } from './margin-floor.ts';
import { atCostPlan, type Plan } from './plan.ts';
import { rate } from '../rating/rating.ts';

const usage = { input: 1000, output: 100 };
const before = { versionId: 'p@1', picosPerUnit: { input: 1_000_000n, output: 4_000_000n } };
const after = { versionId: 'p@2', picosPerUnit: { input: 2_000_000n, output: 8_000_000n } };
const listed: Plan = {
  ...atCostPlan,
  prices: { '*': { input: 2_000_000n, output: 8_000_000n } },
  marginFloorPpm: 100_000n,
};

test('[money 68] a price shock alerts once for each customer it takes under the floor, and for no other', () => {
  const exposures = [
    { customer: 'listed', plan: listed, model: 'm', usage },
    { customer: 'listed', plan: listed, model: 'n', usage },
    {
      customer: 'cost-plus',
      plan: { ...atCostPlan, markupPpm: 200_000n, marginFloorPpm: 100_000n },
      model: 'm',
      usage,
    },
    { customer: 'no-floor', plan: { ...listed, marginFloorPpm: undefined }, model: 'm', usage },
    { customer: 'already', plan: { ...listed, marginFloorPpm: 900_000n }, model: 'm', usage },
  ];
  expect(customersPushedBelow(exposures, { before, after })).toEqual(['listed']);
  expect(customersPushedBelow(exposures, { before, after: before })).toEqual([]);
});

test('[money 73] of a batch of 1,000 rows, 997 are rated at the batch price and 3 failed ones cost nothing', () => {
  const price = { versionId: 'p@1', picosPerUnit: before.picosPerUnit, batchRatioPpm: 500_000n };
  const rows = Array.from({ length: 1000 }, (_, index) => ({ isFailed: index < 3 }));
  const charges = rows.map(({ isFailed }) => {
    const { costNanos } = rate({ buckets: isFailed ? {} : usage, source: 'provider' }, price, {
      startedAtMs: 0,
      batch: true,
    });
    const fate = isFailed ? ('lost' as const) : ('delivered' as const);
    return chargeOf(atCostPlan, {
      model: 'm',
      status: isFailed ? 'failed' : 'completed',
      attempts: [{ fate, usage, costNanos }],
    });
  });
  expect(charges.filter(({ costNanos }) => costNanos === 700_000n)).toHaveLength(997);
  expect(charges.filter(({ costNanos, chargeNanos }) => costNanos === 0n && chargeNanos === 0n)).toHaveLength(3);
});
