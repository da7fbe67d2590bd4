import type { PromptFeatures } from '../features/prompt-features.ts';
import { basisSize, surfaceBasis, type SurfaceScale } from './designs.ts';
import type { Neighbours, TermVector } from './neighbour-index.ts';
import { surfaceCount } from '../features/prompt-features.ts';

/** Learned corrections of the job's means by the prompt, in the few directions in which models differ predictably. */
export interface ResidualParts {
  /** Components x models. */
  readonly directions: readonly Float64Array[];
  /** Column of each bucket in `terms`, -1 for none. */
  readonly numbers: Int32Array;
  /** Columns x components. */
  readonly terms: Float32Array;
  readonly scale: SurfaceScale;
  /** Basis x components. */
  readonly surface: Float32Array;
  /** Per job: signs x components. */
  readonly jobSurface: Float32Array;
  /** Per component: how far the neighbours' mean is believed. */
  readonly neighbourTrust: Float64Array;
  /** Per job: component values of the indexed prompts, in the order of the index. */
  readonly neighbourValues: readonly Float32Array[];
  /** Per job: 0 where the model did not win out of fold. */
  readonly gates: Float64Array;
}

/** Pseudo-weight of "no correction" against the similarities of the neighbours. */
export const neighbourPrior = 6;

/** Below this the neighbours change no choice worth the search. */
const leastTrust = 0.05;

/** What no search finds. */
export const noNeighbours: Neighbours = { rows: [], similarities: [] };

/** Applies learned corrections to the means of a job. */
export class ResidualModel {
  readonly #parts: ResidualParts;
  readonly #basis = new Float32Array(basisSize);
  readonly #values: Float64Array;

  constructor(parts: ResidualParts) {
    this.#parts = parts;
    this.#values = new Float64Array(parts.directions.length);
  }

  /** What it was made of: plain arrays, which travel between threads. */
  get parts(): ResidualParts {
    return this.#parts;
  }

  /** Whether neighbours are believed in any component; if not, they need not be searched. */
  get usesNeighbours(): boolean {
    return this.#parts.neighbourTrust.some((trust) => trust > leastTrust);
  }

  /** Whether prompts of this job are corrected at all. */
  isOn(job: number): boolean {
    return (this.#parts.gates[job] ?? 0) > 0;
  }

  /** Adds the prompt's correction to the estimates, one per model. */
  correct(
    into: Float64Array,
    prompt: { job: number; features: PromptFeatures; vector: TermVector; neighbours: Neighbours },
  ): void {
    const { directions, gates } = this.#parts;
    const gate = gates[prompt.job] ?? 0;
    if (gate === 0) return;
    const values = this.#values.fill(0);
    this.#addTerms(values, prompt.vector);
    this.#addSurface(values, prompt.features, prompt.job);
    this.#addNeighbours(values, prompt.neighbours, prompt.job);
    for (let component = 0; component < directions.length; component++) {
      const direction = directions[component];
      const value = gate * (values[component] ?? 0);
      if (!direction || value === 0) continue;
      for (let model = 0; model < into.length; model++)
        into[model] = (into[model] ?? 0) + value * (direction[model] ?? 0);
    }
  }

  #addTerms(values: Float64Array, { buckets, values: weights }: TermVector): void {
    const { numbers, terms } = this.#parts;
    const width = values.length;
    for (let at = 0; at < buckets.length; at++) {
      const number = numbers[buckets[at] ?? 0] ?? -1;
      if (number < 0) continue;
      const weight = weights[at] ?? 0;
      for (let component = 0; component < width; component++)
        values[component] = (values[component] ?? 0) + weight * (terms[number * width + component] ?? 0);
    }
  }

  #addSurface(values: Float64Array, features: PromptFeatures, job: number): void {
    const { scale, surface, jobSurface } = this.#parts;
    const width = values.length;
    const basis = this.#basis;
    surfaceBasis(features, scale, basis);
    for (let at = 0; at < basisSize; at++) {
      const value = basis[at] ?? 0;
      for (let component = 0; component < width; component++)
        values[component] = (values[component] ?? 0) + value * (surface[at * width + component] ?? 0);
    }
    const first = job * surfaceCount;
    for (let at = 0; at < surfaceCount; at++) {
      const value = basis[at] ?? 0;
      for (let component = 0; component < width; component++)
        values[component] = (values[component] ?? 0) + value * (jobSurface[(first + at) * width + component] ?? 0);
    }
  }

  #addNeighbours(values: Float64Array, { rows, similarities }: Neighbours, job: number): void {
    const { neighbourTrust, neighbourValues } = this.#parts;
    const known = neighbourValues[job];
    if (!known || rows.length === 0) return;
    const width = values.length;
    let total = neighbourPrior;
    for (const similarity of similarities) total += similarity;
    for (let at = 0; at < rows.length; at++) {
      const share = (similarities[at] ?? 0) / total;
      const base = (rows[at] ?? 0) * width;
      for (let component = 0; component < width; component++)
        values[component] =
          (values[component] ?? 0) + share * (neighbourTrust[component] ?? 0) * (known[base + component] ?? 0);
    }
  }
}
