import { surfaceCount } from '../features/prompt-features.ts';
import type { Prediction } from './blend-weights.ts';
import { DenseRidge, type DenseDesign } from './dense-ridge.ts';
import { jobSurfaceDesign } from './designs.ts';
import { foldCount, type GradedRow } from './graded-rows.ts';
import { multiply, solveRidge, type SparseDesign } from './sparse-ridge.ts';

/** A way to predict, with its coefficients and what it says of prompts that it had not seen. */
export interface Smoother {
  readonly kind: 'terms' | 'surface' | 'jobSurface';
  readonly full: Float64Array;
  readonly held: Prediction;
}

/** What is to be predicted: rows x width. */
export interface Target {
  readonly values: Float64Array;
  readonly width: number;
}

/** Jobs with fewer graded prompts get no corrections by the prompt. */
export const minJobRows = 40;
const termPenalties = [2, 8];
const surfacePenalties = [30, 300];

/** Ridges over words, over signs of the text, and over these per job, each at two penalties. */
export function smoothersOf(of: {
  rows: readonly GradedRow[];
  target: Target;
  jobs: { readonly of: Int32Array; readonly count: number };
  terms: SparseDesign;
  surface: DenseDesign;
}): Smoother[] {
  const { rows, target, jobs, terms, surface } = of;
  const folds = Int32Array.from(rows, ({ fold }) => fold);
  const large = largeJobs(jobs);
  const bySurface = new DenseRidge(surface, { ...target, folds, foldCount });
  const byJob = new DenseRidge(jobSurfaceDesign(surface, { of: large.of, count: large.jobs.length }), {
    ...target,
    folds,
    foldCount,
  });
  return [
    ...termPenalties.map((penalty) => termSmoother(terms, { penalty, rows, target })),
    ...surfacePenalties.map((penalty) => ({
      kind: 'surface' as const,
      full: bySurface.solve(penalty, -1),
      held: bySurface.heldOut(penalty),
    })),
    ...surfacePenalties.map((penalty) => ({
      kind: 'jobSurface' as const,
      full: spread(byJob.solve(penalty, -1), { large: large.jobs, count: jobs.count, width: target.width }),
      held: byJob.heldOut(penalty),
    })),
  ];
}

function termSmoother(
  design: SparseDesign,
  { penalty, rows, target }: { penalty: number; rows: readonly GradedRow[]; target: Target },
): Smoother {
  const { values, width } = target;
  const problem = { design, penalty, targets: values, targetCount: width };
  const held = new Float64Array(values.length);
  const all = new Float64Array(values.length);
  for (let fold = 0; fold < foldCount; fold++) {
    const rowWeights = Float64Array.from(rows, (row) => (row.fold === fold ? 0 : 1));
    multiply(design, { from: solveRidge({ ...problem, rowWeights }), into: all, width });
    rows.forEach((row, at) => {
      if (row.fold === fold) held.set(all.subarray(at * width, (at + 1) * width), at * width);
    });
  }
  return { kind: 'terms', held, full: solveRidge({ ...problem, rowWeights: ones(rows.length) }) };
}

/** Only jobs that can be switched on get coefficients, which bounds the work with many jobs. */
function largeJobs({ of, count }: { of: Int32Array; count: number }): { of: Int32Array; jobs: readonly number[] } {
  const sizes = new Int32Array(count);
  for (const job of of) sizes[job] = (sizes[job] ?? 0) + 1;
  const numbers = new Int32Array(count).fill(-1);
  const jobs: number[] = [];
  sizes.forEach((size, job) => {
    if (size >= minJobRows) numbers[job] = jobs.push(job) - 1;
  });
  return { of: of.map((job) => numbers[job] ?? -1), jobs };
}

/** Coefficients by job from those of the large jobs. */
function spread(
  full: Float64Array,
  { large, count, width }: { large: readonly number[]; count: number; width: number },
): Float64Array {
  const size = surfaceCount * width;
  const all = new Float64Array(count * size);
  large.forEach((job, at) => all.set(full.subarray(at * size, (at + 1) * size), job * size));
  return all;
}

function ones(length: number): Float64Array {
  return new Float64Array(length).fill(1);
}
