import { expect, test } from 'vitest';
import { PlanTermsError, planProblems, readPlan } from './plan-terms.ts';

const identity = { name: 'pro', versionId: 'pro@1', validFromMs: 5 };

test('figures of a plan become integers without passing through a float', () => {
  const plan = readPlan(identity, {
    markupPercent: '17.5',
    prices: { '*': { input: '3', cacheRead: '0.0028', output: '0' } },
    jobPrices: { triage: '0.02' },
    meters: [
      {
        name: 'tokens',
        buckets: ['input'],
        includedUnits: '1000000',
        steps: [{ upTo: '9', price: '3' }, { price: '2' }],
      },
    ],
    cachedPercent: '25',
    baseFee: '49.00',
    seatFee: '9007199.254740993',
    packs: [{ name: 'starter', price: '10', credit: '12', validDays: '365' }],
  });
  expect(plan).toMatchObject({
    ...identity,
    markupPpm: 175_000n,
    prices: { '*': { input: 3_000_000n, cacheRead: 2800n, output: 0n } },
    jobPricesNanos: { triage: 20_000_000n },
    cachedRatioPpm: 250_000n,
    marginFloorPpm: undefined,
    baseFeeNanos: 49_000_000_000n,
    seats: { feeNanos: 9_007_199_254_740_993n },
    packs: [{ priceNanos: 10_000_000_000n, creditNanos: 12_000_000_000n, validDays: 365 }],
  });
  expect(plan.meters[0]?.steps[0]).toEqual({ upTo: 9n, picosPerUnit: 3_000_000n });
});

test('a figure that cannot be kept exactly is refused, not rounded', () => {
  expect(() => readPlan(identity, { baseFee: '0.0000000001' })).toThrow(PlanTermsError);
  expect(() => readPlan(identity, { markupPercent: '-5' })).toThrow('"-5" is not a percentage');
});

test('steps must rise, and the last one is open', () => {
  const meter = (steps: { upTo?: string; price: string }[]) => ({
    meters: [{ name: 'm', buckets: ['input' as const], steps }],
  });
  expect(planProblems(meter([{ upTo: '5', price: '1' }, { price: '2' }]))).toEqual([]);
  expect(planProblems(meter([{ upTo: '5', price: '1' }]))).toHaveLength(1);
  expect(planProblems(meter([{ upTo: '5', price: '1' }, { upTo: '5', price: '1' }, { price: '2' }]))).toHaveLength(1);
  expect(planProblems(meter([{ price: '1' }, { price: '2' }]))).toHaveLength(1);
});
