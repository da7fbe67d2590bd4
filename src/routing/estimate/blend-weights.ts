/** Values predicted for rows that the predictor had not seen, rows x components. */
export type Prediction = Float64Array;

/** What the predictions are compared with. */
export interface BlendTarget {
  readonly target: Float64Array;
  readonly width: number;
  /** Job of each row. */
  readonly jobs: Int32Array;
  readonly jobCount: number;
  readonly minJobRows: number;
  /** What neighbours say of each row, how far they are believed, and what was seen, one per model. */
  readonly told: readonly Float64Array[];
  readonly centred: readonly Float64Array[];
  readonly neighbourTrust: number;
}

/** How far each predictor is believed in each component, and in which jobs the blend is used. */
export interface Blend {
  /** Predictors x components. */
  readonly weights: readonly Float64Array[];
  readonly gates: Float64Array;
}

const rounds = 200;

/**
 * Non-negative least squares of the target on the held-out predictions, one set of weights for all components; then
 * each component is scaled by how well its blend fits, and a job is switched off when the blend loses there.
 */
export function blendWeights(predictions: readonly Prediction[], of: BlendTarget): Blend {
  const shares = nonNegative(predictions, of.target);
  const blended = new Float64Array(of.target.length);
  predictions.forEach((prediction, at) => {
    const share = shares[at] ?? 0;
    if (share > 0) prediction.forEach((value, place) => (blended[place] = (blended[place] ?? 0) + share * value));
  });
  const factors = componentFactors(blended, of);
  const weights = predictions.map((_, at) => factors.map((factor) => factor * (shares[at] ?? 0)));
  return { weights, gates: jobGates(blended, factors, of) };
}

function nonNegative(predictions: readonly Prediction[], target: Float64Array): number[] {
  const gram = predictions.map((left) => predictions.map((right) => dot(left, right)));
  const towards = predictions.map((prediction) => dot(prediction, target));
  const weights = predictions.map(() => 0);
  for (let round = 0; round < rounds; round++) {
    for (let at = 0; at < weights.length; at++) {
      const own = (gram[at]?.[at] ?? 0) * 1.02 + 1e-9;
      let rest = towards[at] ?? 0;
      for (let to = 0; to < weights.length; to++) if (to !== at) rest -= (gram[at]?.[to] ?? 0) * (weights[to] ?? 0);
      weights[at] = Math.max(0, rest / own);
    }
  }
  return weights;
}

/** A component is kept as far as its gain exceeds what chance would give. */
function componentFactors(blended: Float64Array, { target, width }: BlendTarget): Float64Array {
  const factors = new Float64Array(width);
  for (let component = 0; component < width; component++) {
    let cross = 0;
    let square = 0;
    let noise = 0;
    for (let at = component; at < blended.length; at += width) {
      const value = blended[at] ?? 0;
      const wanted = target[at] ?? 0;
      cross += value * wanted;
      square += value * value;
      noise += value * value * wanted * wanted;
    }
    if (square <= 0) continue;
    const slope = cross / square;
    const error = Math.sqrt(noise) / square;
    const trust = slope > 0 ? Math.max(0, 1 - (error / slope) ** 2) : 0;
    factors[component] = Math.min(1.2, slope) * trust;
  }
  return factors;
}

function jobGates(blended: Float64Array, factors: Float64Array, of: BlendTarget): Float64Array {
  const { target, width, jobs, jobCount, minJobRows, told, centred, neighbourTrust } = of;
  const gains = new Float64Array(jobCount);
  const counts = new Int32Array(jobCount);
  jobs.forEach((job, row) => {
    counts[job] = (counts[job] ?? 0) + 1;
    for (let component = 0; component < width; component++) {
      const at = row * width + component;
      const value = (blended[at] ?? 0) * (factors[component] ?? 0);
      const wanted = target[at] ?? 0;
      gains[job] = (gains[job] ?? 0) + wanted * wanted - (wanted - value) ** 2;
    }
    told[row]?.forEach((value, model) => {
      const seen = centred[row]?.[model] ?? 0;
      gains[job] = (gains[job] ?? 0) + seen * seen - (seen - neighbourTrust * value) ** 2;
    });
  });
  return gains.map((gain, job) => (gain > 0 && (counts[job] ?? 0) >= minJobRows ? 1 : 0));
}

function dot(left: Float64Array, right: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < left.length; at++) sum += (left[at] ?? 0) * (right[at] ?? 0);
  return sum;
}
