import { describe, expect, it } from 'vitest';
import { correctedRate, kappa } from './agreement.ts';
import { clusterBootstrap } from './cluster-bootstrap.ts';
import { clusteredMean, studentWidth } from './clustered-mean.ts';
import { concentration } from './concentration.ts';
import { normalCdf, normalQuantile } from './normal.ts';
import { passAllK, passAtK } from './pass-at-k.ts';
import { ratioMetric } from './ratio-metric.ts';
import { seededRandom } from './seeded-random.ts';
import { wilsonInterval } from './wilson.ts';

const rounded = (interval: readonly number[] | undefined, digits = 3): readonly number[] | undefined =>
  interval?.map((bound) => Number(bound.toFixed(digits)));

describe('the normal distribution', () => {
  it('is known to ten digits in the middle and in the tails', () => {
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 10);
    expect(normalQuantile(0.8)).toBeCloseTo(0.8416212335729143, 10);
    expect(normalQuantile(1e-6)).toBeCloseTo(-4.753424308822899, 8);
    expect(normalCdf(-5)).toBeCloseTo(2.866515718791939e-7, 15);
    expect(normalCdf(1)).toBeCloseTo(0.8413447460685429, 12);
  });
});

describe('rates', () => {
  it('[proof 1] have a Wilson interval, and none at one observation', () => {
    expect(rounded(wilsonInterval(19, 20))).toEqual([0.764, 0.991]);
    expect(rounded(wilsonInterval(0, 10))).toEqual([0, 0.278]);
    expect(rounded(wilsonInterval(10, 10))).toEqual([0.722, 1]);
    expect(wilsonInterval(1, 1)).toBeUndefined();
    expect(wilsonInterval(0, 0)).toBeUndefined();
  });

  it('keep their promised coverage at twenty observations', () => {
    const random = seededRandom(1);
    let covered = 0;
    for (let trial = 0; trial < 4_000; trial++) {
      let right = 0;
      for (let draw = 0; draw < 20; draw++) if (random() < 0.95) right++;
      const [lower, upper] = wilsonInterval(right, 20) ?? [1, 0];
      if (lower <= 0.95 && 0.95 <= upper) covered++;
    }
    expect(covered / 4_000).toBeGreaterThan(0.91);
  });

  it('of several samples tell one right from all right', () => {
    expect(passAtK(3, 10, 1)).toBeCloseTo(0.3, 9);
    expect(passAtK(3, 10, 5)).toBeCloseTo(1 - 21 / 252, 9);
    expect(passAtK(9, 10, 2)).toBe(1);
    expect(passAllK(9, 10, 2)).toBeCloseTo(0.8, 9);
    expect(passAllK(1, 10, 2)).toBe(0);
    expect(passAtK(1, 2, 3)).toBeUndefined();
  });
});

describe('clustered observations', () => {
  it('[proof 7] have the error of their clusters, beside the naive one', () => {
    const values = Array.from({ length: 8 }, (_, at) => ({ value: at < 4 ? 1 : 0, cluster: at < 4 ? 'a' : 'b' }));
    const mean = clusteredMean(values);
    expect(mean).toMatchObject({ mean: 0.5, standardError: 0.5, fewClusters: true, clusters: 2, count: 8 });
    expect(mean?.naiveError).toBeCloseTo(0.177, 3);
  });

  it('have no interval within a single cluster', () => {
    expect(clusteredMean([{ value: 1, cluster: 'a' }])?.interval).toBeUndefined();
    expect(clusteredMean([])).toBeUndefined();
  });

  it('are judged by Student below many clusters', () => {
    expect(studentWidth(1, 0.95)).toBeCloseTo(12.706, 3);
    expect(studentWidth(2, 0.95)).toBeCloseTo(4.303, 3);
    expect(studentWidth(9, 0.95)).toBeCloseTo(2.262, 2);
    expect(studentWidth(1_000, 0.95)).toBeCloseTo(1.962, 3);
  });
});

describe('ratios', () => {
  const parts = Array.from({ length: 40 }, (_, at) => ({ numerator: 2, denominator: at % 2 }));

  it('have a repeatable interval around the ratio of sums', () => {
    const first = ratioMetric(parts, { seed: 7 });
    expect(first).toEqual(ratioMetric(parts, { seed: 7 }));
    if (first.ratio === undefined || first.interval === undefined) throw new Error('no figure');
    expect(first.ratio).toBe(4);
    expect(first.interval[0]).toBeGreaterThan(2.5);
    expect(first.interval[0]).toBeLessThan(4);
    expect(first.interval[1]).toBeGreaterThan(4);
  });

  it('[proof 26] without a success say what was spent, and divide nothing', () => {
    expect(ratioMetric([{ numerator: 3, denominator: 0 }], { seed: 1 })).toEqual({ ratio: undefined, atLeast: 3 });
  });

  it('of one cluster have a figure and no interval', () => {
    expect(ratioMetric([{ numerator: 3, denominator: 2 }], { seed: 1 })).toEqual({ ratio: 1.5 });
    expect(clusterBootstrap([1], () => 1, { seed: 1 })).toBeUndefined();
  });
});

describe('judges', () => {
  it('[proof 11] are measured by kappa and corrected for their errors', () => {
    expect(kappa({ bothYes: 40, firstOnly: 10, secondOnly: 5, bothNo: 45 })).toBeCloseTo(0.7, 9);
    const corrected = correctedRate({ rate: 0.7, count: 400 }, { sensitivity: 0.85, specificity: 0.9 });
    expect(corrected?.rate).toBeCloseTo(0.8, 9);
  });

  it('that only guess correct nothing, and few labels widen the interval', () => {
    expect(correctedRate({ rate: 0.7, count: 400 }, { sensitivity: 0.5, specificity: 0.5 })).toBeUndefined();
    const judge = { sensitivity: 0.85, specificity: 0.9 };
    const known = correctedRate({ rate: 0.7, count: 400 }, judge)?.interval ?? [0, 0];
    const guessed = correctedRate({ rate: 0.7, count: 400 }, { ...judge, positives: 30, negatives: 20 })?.interval;
    expect(guessed?.[0]).toBeLessThan(known[0]);
  });
});

describe('concentration', () => {
  it('[proof 15] is told by its index and by the number of equal parts', () => {
    const { hhi, effectiveCount } = concentration([60, 30, 10]) ?? { hhi: 0, effectiveCount: 0 };
    expect(hhi).toBeCloseTo(4_600, 6);
    expect(effectiveCount).toBeCloseTo(2.17, 2);
    expect(concentration([0, 0])).toBeUndefined();
  });
});
