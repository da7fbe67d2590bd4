/** Probability that a chi-squared value with these degrees of freedom is larger. */
export function chiSquaredTail(value: number, degrees: number): number {
  if (!(value > 0) || degrees < 1) return 1;
  const shape = degrees / 2;
  const point = value / 2;
  const scale = Math.exp(shape * Math.log(point) - point - logGamma(shape));
  return point < shape + 1 ? 1 - scale * lowerSeries(shape, point) : scale * upperFraction(shape, point);
}

/** Natural logarithm of the gamma function for positive arguments, to about twelve digits. */
export function logGamma(value: number): number {
  // Stirling's series is exact enough only for large arguments: smaller ones are shifted up.
  let shift = 0;
  let point = value;
  for (; point < 12; point++) shift += Math.log(point);
  const inverse = 1 / (point * point);
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse / 1680))) / point;
  return (point - 0.5) * Math.log(point) - point + Math.log(2 * Math.PI) / 2 + series - shift;
}

function lowerSeries(shape: number, point: number): number {
  let term = 1 / shape;
  let sum = term;
  for (let step = 1; step < 1_000 && term > sum * 1e-16; step++) {
    term *= point / (shape + step);
    sum += term;
  }
  return sum;
}

function upperFraction(shape: number, point: number): number {
  let fraction = 0;
  for (let step = 300; step >= 1; step--) {
    fraction = (step * (shape - step)) / (point + 2 * step + 1 - shape + fraction);
  }
  return 1 / (point + 1 - shape + fraction);
}
