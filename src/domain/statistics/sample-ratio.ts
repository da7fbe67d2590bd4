import { chiSquaredTail } from './chi-squared.ts';

/** Whether an experiment's arms got the traffic that they were meant to get. */
export interface SampleRatio {
  readonly chiSquared: number;
  readonly pValue: number;
  /** The counts cannot come from the intended shares: whatever else the experiment shows is void. */
  readonly mismatch: boolean;
}

/** Tests counts of assignments against intended shares (equal ones unless told). */
export function sampleRatio(counts: readonly number[], shares?: readonly number[]): SampleRatio {
  const total = counts.reduce((sum, count) => sum + count, 0);
  let chiSquared = 0;
  counts.forEach((count, at) => {
    const expected = total * (shares === undefined ? 1 / counts.length : (shares[at] ?? 0));
    if (expected > 0) chiSquared += (count - expected) ** 2 / expected;
    else if (count > 0) chiSquared = Infinity;
  });
  const pValue = chiSquared === Infinity ? 0 : chiSquaredTail(chiSquared, counts.length - 1);
  return { chiSquared, pValue, mismatch: pValue < 0.001 };
}
