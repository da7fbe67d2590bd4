import { type Interval, twoSidedWidth } from './normal.ts';

/** One observation and the group (conversation, customer) that it came with. */
export interface ClusteredValue {
  readonly value: number;
  readonly cluster: string;
}

/** A mean whose error counts groups, not rows: answers of one conversation are not independent evidence. */
export interface ClusteredMean {
  readonly count: number;
  readonly clusters: number;
  readonly mean: number;
  readonly standardError: number;
  /** What the error would be if every row stood alone: shown only to say how far it is wrong. */
  readonly naiveError: number;
  /** Absent with fewer than two clusters. */
  readonly interval?: Interval;
  /** Fewer than ten clusters: the interval uses a wider distribution and still is a rough guess. */
  readonly fewClusters: boolean;
}

/** Mean of clustered observations with the error between clusters; undefined without observations. */
export function clusteredMean(values: readonly ClusteredValue[], confidence = 0.95): ClusteredMean | undefined {
  const count = values.length;
  if (count === 0) return undefined;
  const mean = values.reduce((sum, { value }) => sum + value, 0) / count;
  const residuals = new Map<string, number>();
  let squares = 0;
  for (const { value, cluster } of values) {
    residuals.set(cluster, (residuals.get(cluster) ?? 0) + value - mean);
    squares += (value - mean) ** 2;
  }
  const clusters = residuals.size;
  const naiveError = Math.sqrt(squares) / count;
  if (clusters < 2) return { count, clusters, mean, standardError: Infinity, naiveError, fewClusters: true };
  const between = [...residuals.values()].reduce((sum, residual) => sum + residual * residual, 0);
  const standardError = Math.sqrt((clusters / (clusters - 1)) * between) / count;
  const half = studentWidth(clusters - 1, confidence) * standardError;
  const interval: Interval = [mean - half, mean + half];
  return { count, clusters, mean, standardError, naiveError, interval, fewClusters: clusters < 10 };
}

/** Two-sided width of Student's t in standard errors (Cornish-Fisher from the normal; exact for one and two degrees). */
export function studentWidth(degrees: number, confidence: number): number {
  const tail = (1 + confidence) / 2;
  if (degrees === 1) return Math.tan(Math.PI * (tail - 0.5));
  if (degrees === 2) return (2 * tail - 1) / Math.sqrt(2 * tail * (1 - tail));
  const z = twoSidedWidth(confidence);
  const first = (z ** 3 + z) / 4;
  const second = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  const third = (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384;
  const fourth = (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92160;
  return z + first / degrees + second / degrees ** 2 + third / degrees ** 3 + fourth / degrees ** 4;
}
