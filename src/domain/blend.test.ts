import { describe, expect, it } from 'vitest';
import { blendOf } from './blend.ts';

const terms = {
  picosPerUnit: { input: 3_000_000n, cacheRead: 300_000n, output: 15_000_000n },
  rules: [{ when: { minTotalInputGt: 1000 }, picosPerUnit: { input: 6_000_000n } }],
};

describe('the price of a unit', () => {
  it('on work that mostly reads, much of it from the cache, is far below the customary blend', () => {
    const buckets = { input: 45_000, cacheRead: 55_000, output: 1000 };
    expect(blendOf(terms, { buckets, requests: 1000 })).toEqual({
      ownPicosPerUnit: (45_000n * 3_000_000n + 55_000n * 300_000n + 1000n * 15_000_000n + 50_500n) / 101_000n,
      customaryPicosPerUnit: 6_000_000n,
    });
  });

  it('is that of the mean request, not of all requests as if they were one', () => {
    const buckets = { input: 90_000 };
    expect(blendOf(terms, { buckets, requests: 1000 }).ownPicosPerUnit).toBe(3_000_000n);
    expect(blendOf(terms, { buckets, requests: 10 }).ownPicosPerUnit).toBe(6_000_000n);
    const marginal = { ...terms, tierMode: 'marginal' as const };
    expect(blendOf(marginal, { buckets: { input: 20_000 }, requests: 10 }).ownPicosPerUnit).toBe(4_500_000n);
  });

  it('is unknown where a price is, and for a mix of nothing', () => {
    expect(blendOf(terms, { buckets: { audioIn: 5 }, requests: 1 }).ownPicosPerUnit).toBeNull();
    expect(blendOf(terms, { buckets: {}, requests: 0 }).ownPicosPerUnit).toBeNull();
    expect(blendOf({ picosPerUnit: {} }, { buckets: { input: 1 }, requests: 1 }).customaryPicosPerUnit).toBeNull();
  });
});
