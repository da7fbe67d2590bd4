import { type PromptFeatures, surfaceCount } from '../features/prompt-features.ts';
import type { DenseDesign } from './dense-ridge.ts';
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

/** A sign that hardly varies may not decide because one prompt has it. */
const leastSpread = 0.05;

/** Measures centre and spread over the graded prompts. */
export function surfaceScale(prompts: readonly PromptFeatures[]): SurfaceScale {
  const means = new Float64Array(surfaceCount);
  const spreads = new Float64Array(surfaceCount);
  for (const { surface } of prompts) surface.forEach((value, at) => (means[at] = (means[at] ?? 0) + value));
  for (let at = 0; at < surfaceCount; at++) means[at] = (means[at] ?? 0) / Math.max(1, prompts.length);
  for (const { surface } of prompts)
    surface.forEach((value, at) => (spreads[at] = (spreads[at] ?? 0) + (value - (means[at] ?? 0)) ** 2));
  for (let at = 0; at < surfaceCount; at++)
    spreads[at] = Math.sqrt((spreads[at] ?? 0) / Math.max(1, prompts.length)) + leastSpread;
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

/** Rows of the surface basis, all in one block. */
export function surfaceDesign(prompts: readonly PromptFeatures[], scale: SurfaceScale): DenseDesign {
  const values = new Float32Array(prompts.length * basisSize);
  const basis = new Float32Array(basisSize);
  prompts.forEach((features, row) => {
    surfaceBasis(features, scale, basis);
    values.set(basis, row * basisSize);
  });
  return { rows: prompts.length, columns: basisSize, values, blocks: 1, block: new Int32Array(prompts.length) };
}

/** Rows of the plain signs of a surface design, with coefficients per job. */
export function jobSurfaceDesign(surface: DenseDesign, jobs: { of: Int32Array; count: number }): DenseDesign {
  const values = new Float32Array(surface.rows * surfaceCount);
  for (let row = 0; row < surface.rows; row++)
    values.set(surface.values.subarray(row * basisSize, row * basisSize + surfaceCount), row * surfaceCount);
  return { rows: surface.rows, columns: surfaceCount, values, blocks: jobs.count, block: jobs.of };
}
