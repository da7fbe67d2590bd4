import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rate } from './rating.ts';
import { type UsageBuckets, usageBuckets } from './usage.ts';

const price = { versionId: 'v1', picosPerUnit: { input: 150_000n, output: 600_000n, cacheRead: 75_000n } };

describe('rating', () => {
  it('prices each disjoint bucket once and rounds once, half-even', () => {
    const usage = { buckets: { input: 100, cacheRead: 50, output: 20 }, source: 'provider' as const };
    const rated = rate(usage, price);
    expect(rated.costNanos).toBe(100n * 150n + 50n * 75n + 20n * 600n);
    expect(rated.lines.map(({ bucket }) => bucket)).toEqual(['input', 'cacheRead', 'output']);
    expect(rated.priceVersionId).toBe('v1');
  });

  it('rounds 3 tokens at 2,800 pico to 8 nano, not 9', () => {
    const cheap = { versionId: 'v', picosPerUnit: { input: 2_800n } };
    expect(rate({ buckets: { input: 3 }, source: 'provider' }, cheap).costNanos).toBe(8n);
    expect(rate({ buckets: { input: 1_000_001 }, source: 'provider' }, cheap).costNanos).toBe(2_800_003n);
  });

  it('never calls an unknown price zero, and never assumes that sound or images cost what text costs', () => {
    expect(rate({ buckets: { input: 1 }, source: 'provider' }, undefined).costNanos).toBeNull();
    const withAudio = rate({ buckets: { input: 1, audioIn: 5 }, source: 'provider' }, price);
    expect(withAudio).toMatchObject({ costNanos: null, unpriced: ['audioIn'] });
    expect(rate({ buckets: { input: 0, audioIn: 0 }, source: 'provider' }, price).costNanos).toBe(0n);
  });

  it('says which price it assumed for cache writes and reasoning', () => {
    const rated = rate({ buckets: { cacheWrite5m: 10, reasoning: 5 }, source: 'provider' }, price);
    expect(rated.lines.map(({ assumedFrom }) => assumedFrom)).toEqual(['input', 'output']);
    expect(rated.costNanos).toBe(10n * 150n + 5n * 600n);
  });

  it('is the exact sum of its lines for any usage and price', () => {
    const units = fc.nat(2_000_000);
    const buckets = fc.record(Object.fromEntries(usageBuckets.map((bucket) => [bucket, units])));
    const prices = fc.record(Object.fromEntries(usageBuckets.map((bucket) => [bucket, fc.bigInt(0n, 10n ** 9n)])));
    fc.assert(
      fc.property(buckets, prices, (used, picosPerUnit) => {
        const rated = rate({ buckets: used as UsageBuckets, source: 'provider' }, { versionId: 'v', picosPerUnit });
        const picos = rated.lines.reduce((sum, line) => sum + line.picos, 0n);
        const nanos = rated.costNanos ?? -1n;
        expect(nanos * 1000n - picos).toBeLessThanOrEqual(500n);
        expect(picos - nanos * 1000n).toBeLessThanOrEqual(500n);
      }),
    );
  });
});
