import { describe, expect, it } from 'vitest';
import { bradleyTerry, type Comparison } from './bradley-terry.ts';
import { holmAdjusted } from './holm.ts';
import { mcnemarTest } from './mcnemar.ts';
import { addValue, isRefuted, openTest } from './one-sided-test.ts';
import { pairedSampleSize } from './paired-sample-size.ts';
import { rankRanges } from './rank-range.ts';
import { sampleRatio } from './sample-ratio.ts';
import { seededRandom } from './seeded-random.ts';
import { addDifference, mixtureRatio, noDifferences, sequentialLook } from './sequential-test.ts';
import { wilsonInterval } from './wilson.ts';

describe('paired comparisons', () => {
  it('[proof 2] rank four models by their recorded answers, each with its interval', () => {
    const intervals = [742, 515, 458, 286].map((right) =>
      wilsonInterval(right, 1_319)?.map((bound) => Number(bound.toFixed(3))),
    );
    expect(intervals).toEqual([
      [0.536, 0.589],
      [0.364, 0.417],
      [0.322, 0.373],
      [0.195, 0.24],
    ]);
  });

  it('[proof 3] decide where the intervals of the two rates overlap', () => {
    expect(mcnemarTest(209, 152)).toBeCloseTo(0.0032, 4);
    const [lower = 0] = wilsonInterval(515, 1_319) ?? [];
    const [, upper = 0] = wilsonInterval(458, 1_319) ?? [];
    expect(lower).toBeLessThan(upper);
  });

  it('[proof 4] are exact for a dozen flips', () => {
    expect(mcnemarTest(10, 2)).toBeCloseTo(0.0386, 4);
    expect(mcnemarTest(0, 0)).toBe(1);
    expect(mcnemarTest(3, 3)).toBe(1);
  });

  it('know beforehand how many items they need', () => {
    expect(pairedSampleSize({ difference: 0.05, discordant: 0.15 })).toBe(469);
    expect(pairedSampleSize({ difference: 0.03, discordant: 0.12 })).toBe(1_045);
    expect(pairedSampleSize({ difference: 0.02, discordant: 0.08 })).toBe(1_568);
    expect(pairedSampleSize({ difference: 0.1, discordant: 0.25 })).toBe(194);
    expect(pairedSampleSize({ difference: 0.1, discordant: 0.05 })).toBeUndefined();
  });

  it('of many pairs are corrected together, and ranks are ranges', () => {
    expect(holmAdjusted([0.01, 0.04, 0.03])).toEqual([0.03, 0.06, 0.06]);
    const better = rankRanges(3, (first, second) => Number(first === 0) - Number(second === 0));
    expect(better).toEqual([
      { best: 1, worst: 1 },
      { best: 2, worst: 3 },
      { best: 2, worst: 3 },
    ]);
  });
});

describe('the sequential test', () => {
  it('[proof 6] stops on a ten-point difference at two hundred pairs', () => {
    expect(mixtureRatio({ count: 200, mean: 0.1, variance: 0.14 }, 0.05)).toBeCloseTo(124, 0);
  });

  it('[proof 6] finds five points within five hundred pairs in most trials', () => {
    const found = declared({ trials: 300, wins: 0.1, losses: 0.05, pairs: 500, seed: 3 });
    expect(found).toBeGreaterThan(0.5);
  });

  it('[proof 5] declares at most one winner in twenty among equals, however often one looks', () => {
    const found = declared({ trials: 2_000, wins: 0.075, losses: 0.075, pairs: 2_000, seed: 5 });
    expect(found).toBeLessThanOrEqual(0.05);
  });

  it('gives p-values that never rise and no interval before fifty pairs', () => {
    const sums = { count: 49, sum: 20, squares: 30 };
    expect(sequentialLook(sums, { gap: 0.05 })).toMatchObject({ ratio: 1, pValue: 1 });
    expect(sequentialLook(sums, { gap: 0.05 }).interval).toBeUndefined();
    const later = sequentialLook({ count: 300, sum: 0, squares: 45 }, { gap: 0.05 }, 0.03);
    expect(later.pValue).toBe(0.03);
    expect(later.interval?.[0]).toBeLessThan(0);
  });

  it('does not take pairs that never differ for certainty', () => {
    const look = sequentialLook({ count: 60, sum: 0, squares: 0 }, { gap: 0.05 });
    expect(look.interval?.[0]).toBeLessThan(-0.02);
  });
});

function declared(plan: { trials: number; wins: number; losses: number; pairs: number; seed: number }): number {
  const random = seededRandom(plan.seed);
  let found = 0;
  for (let trial = 0; trial < plan.trials; trial++) {
    let sums = noDifferences;
    for (let pair = 1; pair <= plan.pairs; pair++) {
      const draw = random();
      sums = addDifference(sums, Number(draw < plan.wins) - Number(draw > 1 - plan.losses));
      if (pair % 10 === 0 && sequentialLook(sums, { gap: 0.05 }).pValue < 0.05) {
        found++;
        break;
      }
    }
  }
  return found / plan.trials;
}

describe('the one-sided test', () => {
  it('raises a false alarm in at most one of twenty runs at its bound, looked at after each value', () => {
    const random = seededRandom(11);
    let alarms = 0;
    for (let trial = 0; trial < 300; trial++) {
      let test = openTest({ bound: 0.05, lowest: 0, highest: 1 });
      for (let value = 0; value < 400; value++) {
        test = addValue(test, random() < 0.05 ? 1 : 0);
        if (isRefuted(test, 0.05)) {
          alarms++;
          break;
        }
      }
    }
    expect(alarms / 300).toBeLessThanOrEqual(0.05);
  });

  it('notices a rate four times its bound within a hundred values, in any order', () => {
    let test = openTest({ bound: 0.05, lowest: 0, highest: 1 });
    for (let value = 0; value < 100; value++) test = addValue(test, value % 5 === 0 ? 1 : 0);
    expect(isRefuted(test, 0.01)).toBe(true);
    const inBulk = addValue(addValue(openTest({ bound: 0.05, lowest: 0, highest: 1 }), 0, 80), 1, 20);
    expect(isRefuted(inBulk, 0.01)).toBe(true);
  });
});

describe('shares of traffic', () => {
  it('[proof 22] that are not as intended void the experiment', () => {
    const { chiSquared, pValue, mismatch } = sampleRatio([5_200, 4_800]);
    expect(chiSquared).toBeCloseTo(16, 9);
    expect(pValue).toBeCloseTo(6.334e-5, 7);
    expect(mismatch).toBe(true);
    expect(sampleRatio([5_060, 4_940]).mismatch).toBe(false);
    expect(sampleRatio([55, 945], [0.05, 0.95]).mismatch).toBe(false);
  });
});

describe('strengths', () => {
  const duel = ([left, right]: readonly [string, string], wins: number, losses: number): Comparison[] =>
    Array.from({ length: wins + losses }, (_, at) => ({
      left,
      right,
      score: at < wins ? 1 : 0,
      item: `${left}${right}${at}`,
    }));

  it('[proof 8] are 70.4 points apart at sixty to forty; what nothing connects gets its own table', () => {
    const tables = bradleyTerry([...duel(['a', 'b'], 60, 40), ...duel(['c', 'd'], 50, 50)]);
    expect(tables).toHaveLength(2);
    const [first, second] = tables[0]?.strengths ?? [];
    expect(first?.entry).toBe('a');
    expect((first?.points ?? 0) - (second?.points ?? 0)).toBeCloseTo(70.4, 1);
    expect(tables[1]?.strengths.map(({ points }) => Math.round(points))).toEqual([1_000, 1_000]);
    expect(tables[1]?.strengths[0]?.rank).toEqual({ best: 1, worst: 2 });
  });

  it('count a tie as half a win for both', () => {
    const ties = duel(['a', 'b'], 10, 0).map((comparison) => ({ ...comparison, score: 0.5 }));
    expect(bradleyTerry(ties)[0]?.strengths.map(({ points }) => Math.round(points))).toEqual([1_000, 1_000]);
  });

  it('stay finite for one that never lost', () => {
    const [table] = bradleyTerry(duel(['a', 'b'], 20, 0));
    expect(Number.isFinite(table?.strengths[0]?.points)).toBe(true);
  });

  it('[proof 9] leave the length to its own coefficient', () => {
    const random = seededRandom(2);
    const biased = Array.from({ length: 400 }, (_, at): Comparison => {
      const longer = random() * 2 - 1;
      const chance = 1 / (1 + Math.exp(-3 * longer));
      return { left: 'a', right: 'b', score: random() < chance ? 1 : 0, item: String(at), styles: [longer] };
    });
    const [table] = bradleyTerry(biased);
    expect(table?.styles[0]?.coefficient).toBeGreaterThan(2);
    expect(table?.styles[0]?.interval[0]).toBeGreaterThan(1);
  });
});
