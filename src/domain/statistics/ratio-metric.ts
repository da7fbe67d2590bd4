import { type BootstrapPlan, clusterBootstrap } from './cluster-bootstrap.ts';
import type { Interval } from './normal.ts';

/** What one cluster adds to a ratio such as cost per success. */
export interface RatioPart {
  readonly numerator: number;
  readonly denominator: number;
}

/** A ratio of sums. Without a denominator there is no figure, only what has been spent so far as its lower bound. */
export type RatioMetric =
  | { readonly ratio: number; readonly interval?: Interval }
  | { readonly ratio: undefined; readonly atLeast: number };

/** Cost per success and its like, with a bootstrap interval over clusters; never divides by zero. */
export function ratioMetric(parts: readonly RatioPart[], plan: BootstrapPlan): RatioMetric {
  const total = sumParts(parts);
  if (!(total.denominator > 0)) return { ratio: undefined, atLeast: total.numerator };
  const interval = clusterBootstrap(
    parts,
    (drawn) => {
      const { numerator, denominator } = sumParts(drawn);
      return denominator > 0 ? numerator / denominator : undefined;
    },
    plan,
  );
  return { ratio: total.numerator / total.denominator, ...(interval && { interval }) };
}

function sumParts(parts: readonly RatioPart[]): RatioPart {
  let numerator = 0;
  let denominator = 0;
  for (const part of parts) {
    numerator += part.numerator;
    denominator += part.denominator;
  }
  return { numerator, denominator };
}
