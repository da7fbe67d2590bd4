import { type Interval, twoSidedWidth } from './normal.ts';

/** Successes of a number of tries. */
export interface CountedRate {
  readonly successes: number;
  readonly count: number;
}

/** How far a second rate lies above a first one, from tries of their own (Agresti and Caffo: one imagined success and failure each). */
export interface RateDifference {
  readonly difference: number;
  readonly interval: Interval;
}

/** Difference of two rates that were not measured on the same items; undefined below two tries on either side. */
export function rateDifference(first: CountedRate, second: CountedRate, confidence = 0.95): RateDifference | undefined {
  if (first.count < 2 || second.count < 2) return undefined;
  const shifted = ({ successes, count }: CountedRate): { rate: number; variance: number } => {
    const rate = (successes + 1) / (count + 2);
    return { rate, variance: (rate * (1 - rate)) / (count + 2) };
  };
  const [one, other] = [shifted(first), shifted(second)];
  const gap = other.rate - one.rate;
  const half = twoSidedWidth(confidence) * Math.sqrt(one.variance + other.variance);
  return {
    difference: second.successes / second.count - first.successes / first.count,
    interval: [Math.max(-1, gap - half), Math.min(1, gap + half)],
  };
}
