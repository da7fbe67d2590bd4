import { type Interval, twoSidedWidth } from './normal.ts';

/** Verdicts of two raters on the same answers. */
export interface Agreement {
  readonly bothYes: number;
  readonly firstOnly: number;
  readonly secondOnly: number;
  readonly bothNo: number;
}

/** Cohen's kappa: agreement beyond chance; undefined when there is nothing to agree on. */
export function kappa({ bothYes, firstOnly, secondOnly, bothNo }: Agreement): number | undefined {
  const total = bothYes + firstOnly + secondOnly + bothNo;
  if (total === 0) return undefined;
  const first = (bothYes + firstOnly) / total;
  const second = (bothYes + secondOnly) / total;
  const chance = first * second + (1 - first) * (1 - second);
  return chance === 1 ? undefined : ((bothYes + bothNo) / total - chance) / (1 - chance);
}

/** A judge's measured errors, and how many labels they were measured on. */
export interface JudgeErrors {
  readonly sensitivity: number;
  readonly specificity: number;
  readonly positives?: number;
  readonly negatives?: number;
}

/** True rate behind an observed one, with the judge's own uncertainty in the interval. */
export interface CorrectedRate {
  readonly rate: number;
  readonly interval?: Interval;
}

/** Rogan-Gladen: the rate of right answers behind a fallible judge's verdicts; undefined when the judge only guesses. */
export function correctedRate(
  observed: { rate: number; count: number },
  judge: JudgeErrors,
): CorrectedRate | undefined {
  const skill = judge.sensitivity + judge.specificity - 1;
  if (!(skill > 0)) return undefined;
  const raw = (observed.rate + judge.specificity - 1) / skill;
  const rate = Math.min(1, Math.max(0, raw));
  if (observed.count < 2) return { rate };
  const variance =
    shareVariance(observed.rate, observed.count) +
    rate ** 2 * shareVariance(judge.sensitivity, judge.positives) +
    (1 - rate) ** 2 * shareVariance(judge.specificity, judge.negatives);
  const half = (twoSidedWidth(0.95) * Math.sqrt(variance)) / skill;
  return { rate, interval: [Math.max(0, raw - half), Math.min(1, raw + half)] };
}

function shareVariance(share: number, count: number | undefined): number {
  return count === undefined || count === 0 ? 0 : (share * (1 - share)) / count;
}
