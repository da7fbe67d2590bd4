import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addComputeUse, type ComputeUse, rateCompute, readComputePrices } from './compute.ts';

const pricesOf = (
  texts: Partial<Parameters<typeof readComputePrices>[0]>,
): NonNullable<ReturnType<typeof readComputePrices>> => {
  const all = { cpuSecond: '0', wallSecond: '0', memoryGibSecond: '0', egressGib: '0', ...texts };
  const prices = readComputePrices(all, 'compute@test');
  if (!prices) throw new Error('these are prices');
  return prices;
};
const nothing: ComputeUse = { cpuMs: 0, wallMs: 0, memoryMibMs: 0, egressBytes: 0 };

describe('the charge for running code', () => {
  it('[money 19] is 125,000 nano-USD for 2,500 ms at 50,000 pico-USD each', () => {
    expect(rateCompute({ ...nothing, cpuMs: 2500 }, pricesOf({ cpuSecond: '0.00005' }))).toBe(125_000n);
  });

  it.each([
    [{ wallMs: 1500 }, { wallSecond: '0.000002' }, 3000n],
    [{ memoryMibMs: 1024 * 1000 }, { memoryGibSecond: '0.0000025' }, 2500n],
    [{ memoryMibMs: 512 * 2000 }, { memoryGibSecond: '0.0000025' }, 2500n],
    [{ egressBytes: 2 ** 30 }, { egressGib: '0.09' }, 90_000_000n],
    [{ egressBytes: 1 }, { egressGib: '0.09' }, 0n],
    [{ cpuMs: 1 }, { cpuSecond: '0.0000015' }, 2n],
    [{ cpuMs: 1 }, { cpuSecond: '0.0000005' }, 0n],
  ] as const)('of %j at %j is %s', (use, texts, expected) => {
    expect(rateCompute({ ...nothing, ...use }, pricesOf(texts))).toBe(expected);
  });

  it('leaves out what nobody could measure', () => {
    const prices = pricesOf({ cpuSecond: '1', memoryGibSecond: '1', wallSecond: '0.001' });
    expect(rateCompute({ cpuMs: null, wallMs: 1000, memoryMibMs: null, egressBytes: 0 }, prices)).toBe(1_000_000n);
  });

  it('is rounded once: parts never differ from the whole by more than half a nano-USD each', () => {
    const units = fc.nat({ max: 1_000_000_000 });
    const uses = fc.record({ cpuMs: units, wallMs: units, memoryMibMs: units, egressBytes: units });
    const prices = pricesOf({
      cpuSecond: '0.000012345678',
      wallSecond: '0.000000000007',
      memoryGibSecond: '0.0000025',
      egressGib: '0.085',
    });
    fc.assert(
      fc.property(uses, uses, (first, second) => {
        const whole = rateCompute(addComputeUse(first, second), prices);
        const parts = rateCompute(first, prices) + rateCompute(second, prices);
        const difference = whole > parts ? whole - parts : parts - whole;
        expect(difference <= 1n).toBe(true);
      }),
    );
  });

  it('has no price for what is none', () => {
    expect(readComputePrices({ cpuSecond: 'free', wallSecond: '0', memoryGibSecond: '0', egressGib: '0' }, 'x')).toBe(
      undefined,
    );
  });
});
