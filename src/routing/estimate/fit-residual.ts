import { type PromptFeatures, surfaceCount, termBuckets } from '../features/prompt-features.ts';
import { basisSize, numberBuckets, surfaceDesign, surfaceScale, termDesign } from './designs.ts';
import type { NeighbourIndex, TermVector } from './neighbour-index.ts';
import { principalComponents } from './principal-components.ts';
import { neighbourPrior, ResidualModel } from './residual-model.ts';
import { multiply, solveRidge, type SparseDesign } from './sparse-ridge.ts';
import { blendWeights, type Prediction } from './blend-weights.ts';

/** One graded prompt as the fit sees it. */
export interface GradedRow {
  readonly job: number;
  /** Place in the job's neighbour index; -1 if it is not kept there. */
  readonly indexRow: number;
  readonly fold: number;
  readonly features: PromptFeatures;
  readonly vector: TermVector;
  /** Score minus what the job's mean said without this fold; NaN where not graded. */
  readonly residuals: Float64Array;
}

/** What a fit starts from. */
export interface ResidualInput {
  readonly rows: readonly GradedRow[];
  readonly jobCount: number;
  readonly modelCount: number;
  readonly indexes: readonly NeighbourIndex[];
}

/** Fewer graded prompts than this teach nothing about single prompts. */
const minRows = 60;
const minJobRows = 40;
const maxComponents = 5;
/** Parts that graded prompts are split into; each is predicted by what the others taught. */
export const foldCount = 5;

interface Smoother {
  readonly kind: 'terms' | 'surface' | 'jobSurface';
  readonly design: SparseDesign;
  readonly penalty: number;
}

interface Target {
  readonly values: Float64Array;
  readonly width: number;
}

/**
 * Learns how prompts of a job differ from its mean: several ridges and the neighbours each predict held-out folds, the
 * blend that predicts these best is kept, and jobs where it does not beat the mean are switched off.
 */
export function fitResidual(input: ResidualInput): ResidualModel | undefined {
  const { rows, jobCount } = input;
  if (rows.length < minRows || input.modelCount < 2) return undefined;
  const centred = rows.map(({ residuals }) => centre(residuals));
  const { directions } = principalComponents(covariance(centred, input.modelCount), maxComponents);
  const width = directions.length;
  if (width === 0) return undefined;
  const target = { values: project(centred, directions), width };
  const prompts = rows.map(({ features }) => features);
  const scale = surfaceScale(prompts);
  const vectors = rows.map(({ vector }) => vector);
  const numbers = numberBuckets(vectors, termBuckets);
  const jobs = { of: Int32Array.from(rows, ({ job }) => job), count: jobCount };
  const terms = termDesign(vectors, numbers);
  const surface = surfaceDesign(prompts, scale);
  const jobSurface = surfaceDesign(prompts, scale, jobs);
  const smoothers: Smoother[] = [
    ...[2, 8].map((penalty) => ({ kind: 'terms' as const, design: terms, penalty })),
    ...[30, 300].map((penalty) => ({ kind: 'surface' as const, design: surface, penalty })),
    ...[30, 300].map((penalty) => ({ kind: 'jobSurface' as const, design: jobSurface, penalty })),
  ];
  const full = smoothers.map(({ design, penalty }) =>
    solveRidge({ design, penalty, targets: target.values, targetCount: width, rowWeights: ones(rows.length) }),
  );
  const predictions: Prediction[] = smoothers.map((smoother) => outOfFold(smoother, { rows, target }));
  predictions.push(neighboursOutOfFold(input, target));
  const { weights, gates } = blendWeights(predictions, {
    target: target.values,
    width,
    jobs: jobs.of,
    jobCount,
    minJobRows,
  });
  const combined = {
    terms: new Float32Array(terms.columns * width),
    surface: new Float32Array(basisSize * width),
    jobSurface: new Float32Array(surfaceCount * jobCount * width),
  };
  smoothers.forEach(({ kind }, at) => addWeighted(combined[kind], full[at], { weights: weights[at], width }));
  return new ResidualModel({
    directions,
    numbers,
    ...combined,
    scale,
    neighbourTrust: weights.at(-1) ?? new Float64Array(width),
    neighbourValues: keepValues(input, target),
    gates,
  });
}

/** A model that was not graded on a prompt is taken to do as its job's mean says. */
function centre(residuals: Float64Array): Float64Array {
  let sum = 0;
  let count = 0;
  for (const value of residuals) {
    if (Number.isNaN(value)) continue;
    sum += value;
    count++;
  }
  return residuals.map((value) => (Number.isNaN(value) ? 0 : value - sum / count));
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

function ones(length: number): Float64Array {
  return new Float64Array(length).fill(1);
}

function outOfFold(
  { design, penalty }: Smoother,
  { rows, target }: { rows: readonly GradedRow[]; target: Target },
): Prediction {
  const { values, width } = target;
  const held = new Float64Array(values.length);
  const all = new Float64Array(values.length);
  for (let fold = 0; fold < foldCount; fold++) {
    const rowWeights = Float64Array.from(rows, (row) => (row.fold === fold ? 0 : 1));
    const problem = { design, penalty, targets: values, targetCount: width, rowWeights };
    multiply(design, { from: solveRidge(problem), into: all, width });
    rows.forEach((row, at) => {
      if (row.fold === fold) held.set(all.subarray(at * width, (at + 1) * width), at * width);
    });
  }
  return held;
}

function neighboursOutOfFold({ rows, indexes }: ResidualInput, { values, width }: Target): Prediction {
  const held = new Float64Array(values.length);
  const places = indexes.map(({ size }) => new Int32Array(size));
  rows.forEach((row, at) => {
    if (row.indexRow >= 0) places[row.job]?.fill(at, row.indexRow, row.indexRow + 1);
  });
  rows.forEach((row, at) => {
    const place = places[row.job];
    const index = indexes[row.job];
    if (!place || !index) return;
    const found = index.near(row.vector, (other) => rows[place[other] ?? 0]?.fold === row.fold);
    let total = neighbourPrior;
    for (const similarity of found.similarities) total += similarity;
    found.rows.forEach((other, order) => {
      const share = (found.similarities[order] ?? 0) / total;
      const base = (place[other] ?? 0) * width;
      for (let component = 0; component < width; component++)
        held[at * width + component] = (held[at * width + component] ?? 0) + share * (values[base + component] ?? 0);
    });
  });
  return held;
}

function keepValues({ rows, indexes }: ResidualInput, { values, width }: Target): Float32Array[] {
  const kept = indexes.map(({ size }) => new Float32Array(size * width));
  rows.forEach((row, at) => {
    if (row.indexRow >= 0) kept[row.job]?.set(values.subarray(at * width, (at + 1) * width), row.indexRow * width);
  });
  return kept;
}

function addWeighted(
  into: Float32Array,
  from: Float64Array | undefined,
  { weights, width }: { weights: Float64Array | undefined; width: number },
): void {
  if (!from || !weights) return;
  for (let at = 0; at < into.length; at++) into[at] = (into[at] ?? 0) + (from[at] ?? 0) * (weights[at % width] ?? 0);
}
