import { logGamma } from './chi-squared.ts';

/** Exact two-sided McNemar test: the chance of flips this lopsided when neither side is better. Ties carry nothing. */
export function mcnemarTest(wins: number, losses: number): number {
  const flips = wins + losses;
  if (flips === 0) return 1;
  const rarer = Math.min(wins, losses);
  let tail = 0;
  for (let count = 0; count <= rarer; count++) tail += Math.exp(logChoose(flips, count) - flips * Math.LN2);
  return Math.min(1, 2 * tail);
}

/** Natural logarithm of the number of ways to choose `taken` of `count`. */
export function logChoose(count: number, taken: number): number {
  return logGamma(count + 1) - logGamma(taken + 1) - logGamma(count - taken + 1);
}
