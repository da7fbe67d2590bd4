import { type PromptFeatures, surfaceCount } from '../features/prompt-features.ts';
import type { TermVector } from './neighbour-index.ts';
import type { SparseDesign } from './sparse-ridge.ts';

/** Numbers every bucket in use; -1 for those that occur in a single prompt only, from which nothing general follows. */
export function numberBuckets(vectors: readonly TermVector[], buckets: number): Int32Array {
  const seen = new Int32Array(buckets);
  for (const vector of vectors) for (const bucket of vector.buckets) seen[bucket] = (seen[bucket] ?? 0) + 1;
  let next = 0;
  return seen.map((count) => (count < 2 ? -1 : next++));
}

/** Rows of weighted terms, over the numbered buckets. */
export function termDesign(vectors: readonly TermVector[], numbers: Int32Array): SparseDesign {
  const starts = new Int32Array(vectors.length + 1);
  const column: number[] = [];
  const value: number[] = [];
  vectors.forEach((vector, row) => {
    for (let at = 0; at < vector.buckets.length; at++) {
      const number = numbers[vector.buckets[at] ?? 0] ?? -1;
      if (number < 0) continue;
      column.push(number);
      value.push(vector.values[at] ?? 0);
    }
    starts[row + 1] = column.length;
  });
  const columns = numbers.reduce((most, number) => Math.max(most, number + 1), 0);
  return {
    rows: vectors.length,
    columns,
    starts,
    column: Int32Array.from(column),
    value: Float32Array.from(value),
  };
}

/** Centre and spread of each surface sign, so that they can be compared. */
export interface SurfaceScale {
  readonly means: Float64Array;
  readonly spreads: Float64Array;
}

/** Measures centre and spread over the graded prompts. */
export function surfaceScale(prompts: readonly PromptFeatures[]): SurfaceScale {
  const means = new Float64Array(surfaceCount);
  const spreads = new Float64Array(surfaceCount);
  for (const { surface } of prompts) surface.forEach((value, at) => (means[at] = (means[at] ?? 0) + value));
  for (let at = 0; at < surfaceCount; at++) means[at] = (means[at] ?? 0) / Math.max(1, prompts.length);
  for (const { surface } of prompts)
    surface.forEach((value, at) => (spreads[at] = (spreads[at] ?? 0) + (value - (means[at] ?? 0)) ** 2));
  for (let at = 0; at < surfaceCount; at++)
    spreads[at] = Math.sqrt((spreads[at] ?? 0) / Math.max(1, prompts.length)) + 0.02;
  return { means, spreads };
}

/** Columns of the surface basis: the signs, their squares, and length times each. */
export const basisSize = 3 * surfaceCount;

/** The surface signs of one prompt, standardised, clipped and bent, written into `into`. */
export function surfaceBasis(features: PromptFeatures, scale: SurfaceScale, into: Float32Array): void {
  let length = 0;
  for (let at = 0; at < surfaceCount; at++) {
    const raw = ((features.surface[at] ?? 0) - (scale.means[at] ?? 0)) / (scale.spreads[at] ?? 1);
    const value = Math.max(-3, Math.min(3, raw));
    if (at === 0) length = value;
    into[at] = value;
    into[surfaceCount + at] = (value * value - 1) * 0.5;
    into[2 * surfaceCount + at] = at === 0 ? (value * value * value) / 6 : value * length * 0.5;
  }
}

/** Rows of surface signs; with `jobs`, each job has columns of its own. */
export function surfaceDesign(
  prompts: readonly PromptFeatures[],
  scale: SurfaceScale,
  jobs?: { readonly of: Int32Array; readonly count: number },
): SparseDesign {
  const width = jobs ? surfaceCount : basisSize;
  const column = new Int32Array(prompts.length * width);
  const value = new Float32Array(prompts.length * width);
  const basis = new Float32Array(basisSize);
  prompts.forEach((features, row) => {
    surfaceBasis(features, scale, basis);
    const first = jobs ? (jobs.of[row] ?? 0) * width : 0;
    for (let at = 0; at < width; at++) {
      column[row * width + at] = first + at;
      value[row * width + at] = basis[at] ?? 0;
    }
  });
  return {
    rows: prompts.length,
    columns: width * (jobs?.count ?? 1),
    starts: Int32Array.from({ length: prompts.length + 1 }, (_, row) => row * width),
    column,
    value,
  };
}
