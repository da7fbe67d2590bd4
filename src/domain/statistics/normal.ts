/** Lower and upper bound of what the data leave possible. */
export type Interval = readonly [lower: number, upper: number];

/** Share of a standard normal at or below z, to about 15 digits. */
export function normalCdf(z: number): number {
  return z < 0 ? upperTail(-z) : 1 - upperTail(z);
}

/** Value that a standard normal stays below with this probability; infinite at 0 and 1, NaN outside. */
export function normalQuantile(probability: number): number {
  if (!(probability >= 0 && probability <= 1)) return NaN;
  if (probability === 0 || probability === 1) return probability === 0 ? -Infinity : Infinity;
  if (probability > 0.5) return -normalQuantile(1 - probability);
  // A rough start from the tail's shape, then Newton on the distribution itself: accurate wherever the latter is.
  const tail = Math.sqrt(-2 * Math.log(probability));
  let z = -(tail - (2.30753 + 0.27061 * tail) / (1 + 0.99229 * tail + 0.04481 * tail * tail));
  for (let round = 0; round < 4; round++) z -= (normalCdf(z) - probability) / density(z);
  return z;
}

/** Width of a two-sided interval in standard errors at this confidence: 1.96 at 0.95. */
export function twoSidedWidth(confidence: number): number {
  return normalQuantile((1 + confidence) / 2);
}

function density(z: number): number {
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
}

function upperTail(z: number): number {
  if (z > 38) return 0;
  return z < 3 ? 0.5 - centralArea(z) : tailFraction(z);
}

/** Series around the middle: converges fast for small z. */
function centralArea(z: number): number {
  let term = z;
  let sum = z;
  for (let step = 1; Math.abs(term) > 1e-17 * Math.abs(sum) && step < 200; step++) {
    term *= (z * z) / (2 * step + 1);
    sum += term;
  }
  return sum * density(z);
}

/** Continued fraction of the tail, where the series would lose its digits. */
function tailFraction(z: number): number {
  let fraction = z;
  for (let step = 60; step >= 1; step--) fraction = z + step / fraction;
  return density(z) / fraction;
}
