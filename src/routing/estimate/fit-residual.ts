import { surfaceCount, termBuckets } from '../features/prompt-features.ts';
import { blendWeights } from './blend-weights.ts';
import { basisSize, numberBuckets, surfaceDesign, surfaceScale, termDesign } from './designs.ts';
import { centre, type ResidualInput } from './graded-rows.ts';
import { keepScores, neighboursOutOfFold, trustOf } from './neighbour-evidence.ts';
import { principalComponents } from './principal-components.ts';
import { ResidualModel } from './residual-model.ts';
import { minJobRows, smoothersOf, type Target } from './smoothers.ts';
import { solveRidge, type SparseDesign } from './sparse-ridge.ts';

/** Fewer graded prompts than this teach nothing about single prompts. */
const minRows = 60;
const maxComponents = 8;
/** Ridge over words without the job, and how far it is believed beside what knows the job. */
const anywherePenalty = 8;
const anywhereShare = 0.33;

/**
 * Learns how prompts of a job differ from its mean: several ridges and the neighbours each predict held-out folds, the
 * blend that predicts these best is kept, and jobs where it does not beat the mean are switched off.
 */
export function fitResidual(input: ResidualInput): ResidualModel | undefined {
  const { rows, jobCount } = input;
  if (rows.length < minRows || input.modelCount < 2) return undefined;
  const centred = rows.map(({ scores, expected }) =>
    centre(expected.map((mean, model) => (scores[model] ?? Number.NaN) - mean)),
  );
  const near = neighboursOutOfFold(input);
  const neighbourTrust = trustOf(near, centred);
  const unexplained = centred.map((row, at) => {
    const told = near[at];
    return told ? row.map((value, model) => value - neighbourTrust * (told[model] ?? 0)) : row;
  });
  const common = commonMeans(input);
  const fromAll = rows.map(({ scores }) => centre(common.map((mean, model) => (scores[model] ?? Number.NaN) - mean)));
  const { directions } = principalComponents(covariance([...unexplained, ...fromAll], input.modelCount), maxComponents);
  const width = directions.length;
  if (width === 0) return undefined;
  const target = { values: project(unexplained, directions), width };
  const prompts = rows.map(({ features }) => features);
  const scale = surfaceScale(prompts);
  const vectors = rows.map(({ vector }) => vector);
  const numbers = numberBuckets(vectors, termBuckets);
  const jobs = { of: Int32Array.from(rows, ({ job }) => job), count: jobCount };
  const terms = termDesign(vectors, numbers);
  const smoothers = smoothersOf({ rows, target, jobs, terms, surface: surfaceDesign(prompts, scale) });
  const held = smoothers.map((smoother) => smoother.held);
  const { weights, gates } = blendWeights(held, {
    target: target.values,
    width,
    jobs: jobs.of,
    jobCount,
    minJobRows,
    told: near,
    centred,
    neighbourTrust,
  });
  const combined = {
    terms: new Float32Array(terms.columns * width),
    surface: new Float32Array(basisSize * width),
    jobSurface: new Float32Array(surfaceCount * jobCount * width),
  };
  smoothers.forEach(({ kind, full }, at) => addWeighted(combined[kind], full, { weights: weights[at], width }));
  return new ResidualModel({
    directions,
    numbers,
    ...combined,
    anywhere: termsAnywhere(terms, { values: project(fromAll, directions), width }),
    scale,
    neighbourTrust,
    neighbourScores: keepScores(input),
    gates,
  });
}

/** Means of the models over all graded prompts. */
function commonMeans({ rows, modelCount }: ResidualInput): Float64Array {
  return Float64Array.from({ length: modelCount }, (_, model) => {
    let sum = 0;
    let count = 0;
    for (const { scores } of rows) {
      const score = scores[model] ?? Number.NaN;
      if (Number.isNaN(score)) continue;
      sum += score;
      count++;
    }
    return sum / Math.max(1, count);
  });
}

/** What words tell about the differences between models, without knowing the job. */
function termsAnywhere(design: SparseDesign, { values, width }: Target): Float32Array {
  const rowWeights = new Float64Array(design.rows).fill(1);
  const solved = solveRidge({ design, targets: values, targetCount: width, rowWeights, penalty: anywherePenalty });
  return Float32Array.from(solved, (value) => anywhereShare * value);
}

function covariance(rows: readonly Float64Array[], size: number): Float64Array[] {
  const matrix = Array.from({ length: size }, () => new Float64Array(size));
  for (const row of rows) {
    for (let at = 0; at < size; at++) {
      const value = (row[at] ?? 0) / rows.length;
      const into = matrix[at];
      if (value === 0 || !into) continue;
      for (let to = 0; to < size; to++) into[to] = (into[to] ?? 0) + value * (row[to] ?? 0);
    }
  }
  return matrix;
}

function project(rows: readonly Float64Array[], directions: readonly Float64Array[]): Float64Array {
  const values = new Float64Array(rows.length * directions.length);
  rows.forEach((row, at) => {
    directions.forEach((direction, component) => {
      let sum = 0;
      for (let model = 0; model < row.length; model++) sum += (row[model] ?? 0) * (direction[model] ?? 0);
      values[at * directions.length + component] = sum;
    });
  });
  return values;
}

function addWeighted(
  into: Float32Array,
  from: Float64Array | undefined,
  { weights, width }: { weights: Float64Array | undefined; width: number },
): void {
  if (!from || !weights) return;
  for (let at = 0; at < into.length; at++) into[at] = (into[at] ?? 0) + (from[at] ?? 0) * (weights[at % width] ?? 0);
}
