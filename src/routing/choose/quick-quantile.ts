/**
 * Quantile of the standard normal distribution, by a rational approximation good to 4.5e-4: decisions are made by it,
 * and the exact one would take a notable part of their time.
 */
export function quickQuantile(share: number): number {
  if (share === 0.5) return 0;
  const tail = Math.min(share, 1 - share);
  const root = Math.sqrt(-2 * Math.log(tail));
  const value =
    root -
    (2.515517 + root * (0.802853 + root * 0.010328)) / (1 + root * (1.432788 + root * (0.189269 + root * 0.001308)));
  return share < 0.5 ? -value : value;
}

/** By how many standard errors the largest of so many equal estimates is overstated (Blom's approximation). */
export function winnersExcess(count: number): number {
  return count < 2 ? 0 : quickQuantile((count - 0.375) / (count + 0.25));
}
