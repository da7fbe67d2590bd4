import type { Interval } from './normal.ts';

/** Running sums of paired differences: all that the sequential test needs to be resumed. */
export interface DifferenceSums {
  readonly count: number;
  readonly sum: number;
  readonly squares: number;
}

/** Before this many pairs the estimate of the variance is too poor for the test to keep its promise. */
const minSequentialPairs = 50;

/** No differences yet. */
export const noDifferences: DifferenceSums = { count: 0, sum: 0, squares: 0 };

/** The sums with one more difference. */
export function addDifference(sums: DifferenceSums, difference: number): DifferenceSums {
  return {
    count: sums.count + 1,
    sum: sums.sum + difference,
    squares: sums.squares + difference * difference,
  };
}

/** Evidence of the mixture sequential probability ratio test that the mean of the differences is not zero. */
export function mixtureRatio(moments: { count: number; mean: number; variance: number }, gap: number): number {
  const { count, mean, variance } = moments;
  const mixed = variance + count * gap * gap;
  return Math.sqrt(variance / mixed) * Math.exp((count * count * gap * gap * mean * mean) / (2 * variance * mixed));
}

/** What a look at the running sums tells. */
export interface SequentialLook {
  readonly count: number;
  readonly mean: number;
  /** 1 until there are enough pairs. */
  readonly ratio: number;
  /** Smallest p of this and all earlier looks: valid whenever one stops. */
  readonly pValue: number;
  /** Holds at all looks together; absent until there are enough pairs. */
  readonly interval?: Interval;
}

/** How a sequential comparison is set up. */
export interface SequentialPlan {
  /** Smallest difference of interest. */
  readonly gap: number;
  readonly alpha?: number;
}

/** Looks at a running comparison; `earlierP` is the p of the look before, so that p never rises. */
export function sequentialLook(sums: DifferenceSums, plan: SequentialPlan, earlierP = 1): SequentialLook {
  const { count } = sums;
  const mean = count === 0 ? 0 : sums.sum / count;
  if (count < minSequentialPairs) return { count, mean, ratio: 1, pValue: earlierP };
  const { gap, alpha = 0.05 } = plan;
  // One win and one loss are imagined, so that pairs which never differed are not mistaken for certainty.
  const variance = Math.max(0, (sums.squares + 2) / (count + 2) - mean * mean);
  const ratio = mixtureRatio({ count, mean, variance }, gap);
  const mixed = variance + count * gap * gap;
  const half = Math.sqrt(
    ((2 * variance * mixed) / (count * count * gap * gap)) * Math.log(Math.sqrt(mixed / variance) / alpha),
  );
  return { count, mean, ratio, pValue: Math.min(earlierP, 1 / ratio, 1), interval: [mean - half, mean + half] };
}
