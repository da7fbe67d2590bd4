import type { PromptFeatures } from '../features/prompt-features.ts';
import { basisSize, surfaceBasis, type SurfaceScale } from './designs.ts';
import type { TermVector } from './neighbour-index.ts';

/** What a fit of answer lengths found: a common factor per prompt, on a log scale. */
export interface OutputParts {
  readonly scale: SurfaceScale;
  readonly surface: Float64Array;
  readonly numbers: Int32Array;
  readonly terms: Float64Array;
  /** How far the common factor moves each model. */
  readonly slopes: Float64Array;
}

const maxLogFactor = 1.2;
/** A long answer costs more and also tells that the question is hard; by half, both are weighed rightly. */
const believedShare = 0.5;

/** Tells how much longer or shorter than usual for the job the answers to a prompt are. */
export class OutputModel {
  readonly #parts: OutputParts;
  readonly #basis = new Float32Array(basisSize);

  constructor(parts: OutputParts) {
    this.#parts = parts;
  }

  /** What it was made of: plain arrays, which travel between threads. */
  get parts(): OutputParts {
    return this.#parts;
  }

  /** Log of the factor on the job's mean length, common to all models. */
  logFactor(features: PromptFeatures, vector: TermVector): number {
    const { scale, surface, numbers, terms } = this.#parts;
    surfaceBasis(features, scale, this.#basis);
    let sum = 0;
    for (let at = 0; at < basisSize; at++) sum += (this.#basis[at] ?? 0) * (surface[at] ?? 0);
    for (let at = 0; at < vector.buckets.length; at++) {
      const number = numbers[vector.buckets[at] ?? 0] ?? -1;
      if (number >= 0) sum += (vector.values[at] ?? 0) * (terms[number] ?? 0);
    }
    return Math.max(-maxLogFactor, Math.min(maxLogFactor, sum));
  }

  /** Factor on the model's mean length: how far the common one moves it. */
  factor(model: number, logFactor: number): number {
    return logFactor === 0 ? 1 : 1 + believedShare * (Math.exp(logFactor * (this.#parts.slopes[model] ?? 1)) - 1);
  }
}
