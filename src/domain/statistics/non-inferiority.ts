import { normalQuantile } from './normal.ts';

/** What "not worse" means here. */
export interface NonInferiorityPlan {
  /** How much worse is still accepted, for example 0.02. */
  readonly margin: number;
  /** One-sided level; 0.05 unless told. */
  readonly alpha?: number;
  /** Candidates among which this one was picked on the same items; its level is shared among them. */
  readonly candidates?: number;
}

/** Whether B is proven to be no more than the margin worse than A, from differences B − A on the same items. */
export interface NonInferiority {
  readonly count: number;
  readonly mean: number;
  /** Absent below two pairs. */
  readonly lowerBound?: number;
  readonly proven: boolean;
  /** About how many more pairs would settle it if what was seen goes on; absent when proven or when none would. */
  readonly moreNeeded?: number;
}

/**
 * Looks once, at a number of pairs fixed beforehand. One imagined win and one loss stand beside the data, so that a
 * handful of pairs without a flip proves nothing.
 */
export function nonInferiority(differences: readonly number[], plan: NonInferiorityPlan): NonInferiority {
  const { margin, alpha = 0.05, candidates = 1 } = plan;
  const count = differences.length;
  const sum = differences.reduce((total, difference) => total + difference, 0);
  const mean = count === 0 ? 0 : sum / count;
  if (count < 2) return { count, mean, proven: false };
  const squares = differences.reduce((total, difference) => total + difference * difference, 0) + 2;
  const size = count + 2;
  const variance = squares / size - (sum / size) ** 2;
  const width = normalQuantile(1 - alpha / candidates);
  const lowerBound = sum / size - width * Math.sqrt(variance / size);
  if (lowerBound > -margin) return { count, mean, lowerBound, proven: true };
  const room = mean + margin;
  if (room <= 0) return { count, mean, lowerBound, proven: false };
  const needed = Math.ceil(((width + normalQuantile(0.8)) ** 2 * variance) / (room * room));
  return { count, mean, lowerBound, proven: false, moreNeeded: Math.max(1, needed - count) };
}
