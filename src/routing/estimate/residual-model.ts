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
  /** Columns x components; for jobs that are switched on. */
  readonly terms: Float32Array;
  /** Columns x components; what words tell without knowing the job, for all jobs. */
  readonly anywhere: Float32Array;
  readonly scale: SurfaceScale;
  /** Basis x components. */
  readonly surface: Float32Array;
  /** Per job: signs x components. */
  readonly jobSurface: Float32Array;
  /** How far the neighbours' mean is believed, 0 to 1. */
  readonly neighbourTrust: number;
  /** Scores of the indexed prompts in the order of the index, indexed prompts x models; NaN where not graded. */
  readonly neighbourScores: Float32Array;
  /** Per job: 0 where the model did not win out of fold. */
  readonly gates: Float64Array;
}

/**
 * How far a job's means give way to those of all work, once words are known: what the job's few prompts say is checked
 * against what like words meant elsewhere. One value for all sets, by cross-validation.
 */
const commonShare = 0.33;

/** Pseudo-weight of "no correction" against the similarities of the neighbours. */
const neighbourPrior = 6;

/** Below this the neighbours change no choice worth the search. */
const leastTrust = 0.05;

/** Components summed together. */
const lanes = 4;

/** What no search finds. */
export const noNeighbours: Neighbours = { rows: [], similarities: [] };

/** Applies learned corrections to the means of a job. */
export class ResidualModel {
  readonly #parts: ResidualParts;
  readonly #basis = new Float32Array(basisSize);
  readonly #values: Float64Array;
  /** Where each bucket's weights begin, -1 for none; four components lie together, padded, to be summed in one go. */
  readonly #places: Int32Array;
  readonly #packedOn: Float32Array;
  readonly #packedOff: Float32Array;

  constructor(parts: ResidualParts) {
    this.#parts = parts;
    const width = parts.directions.length;
    const stride = lanes * Math.ceil(width / lanes);
    const columns = width === 0 ? 0 : parts.terms.length / width;
    this.#values = new Float64Array(width);
    this.#places = parts.numbers.map((number) => (number < 0 ? -1 : number * stride));
    this.#packedOff = pack(parts.anywhere, { columns, width, stride });
    this.#packedOn = pack(
      parts.terms.map((value, at) => value + (parts.anywhere[at] ?? 0)),
      { columns, width, stride },
    );
  }

  /** What it was made of: plain arrays, which travel between threads. */
  get parts(): ResidualParts {
    return this.#parts;
  }

  /** Whether neighbours are believed in any component; if not, they need not be searched. */
  get usesNeighbours(): boolean {
    return this.#parts.neighbourTrust > leastTrust;
  }

  /** Whether prompts of this job are corrected at all. */
  isOn(job: number): boolean {
    return (this.#parts.gates[job] ?? 0) > 0;
  }

  /** Adds the prompt's correction to the means of its job, one per model; `common` are those of all work. */
  correct(
    into: Float64Array,
    prompt: {
      job: number;
      features: PromptFeatures;
      vector: TermVector;
      neighbours: Neighbours;
      common: Float64Array;
    },
  ): void {
    const { directions, neighbourTrust: trust, neighbourScores: scores } = this.#parts;
    const { job, common } = prompt;
    const isOn = this.isOn(job);
    const means = into.slice();
    if (isOn && prompt.neighbours.rows.length > 0)
      addNeighbours(into, { found: prompt.neighbours, scores, means, trust });
    addCommon(into, means, common);
    const values = this.#values.fill(0);
    this.#addTerms(values, prompt.vector, isOn ? this.#packedOn : this.#packedOff);
    if (isOn) this.#addSurface(values, prompt.features, job);
    for (let component = 0; component < directions.length; component++) {
      const direction = directions[component];
      const value = values[component] ?? 0;
      if (!direction || value === 0) continue;
      for (let model = 0; model < into.length; model++)
        into[model] = (into[model] ?? 0) + value * (direction[model] ?? 0);
    }
  }

  #addTerms(values: Float64Array, { buckets, values: weights }: TermVector, packed: Float32Array): void {
    const places = this.#places;
    for (let first = 0; first < values.length; first += lanes) {
      let sum0 = 0;
      let sum1 = 0;
      let sum2 = 0;
      let sum3 = 0;
      for (let at = 0; at < buckets.length; at++) {
        const place = places[buckets[at] ?? 0] ?? -1;
        if (place < 0) continue;
        const weight = weights[at] ?? 0;
        const from = place + first;
        sum0 += weight * (packed[from] ?? 0);
        sum1 += weight * (packed[from + 1] ?? 0);
        sum2 += weight * (packed[from + 2] ?? 0);
        sum3 += weight * (packed[from + 3] ?? 0);
      }
      addAt(values, first, sum0);
      addAt(values, first + 1, sum1);
      addAt(values, first + 2, sum2);
      addAt(values, first + 3, sum3);
    }
  }

  #addSurface(values: Float64Array, features: PromptFeatures, job: number): void {
    const { scale, surface, jobSurface } = this.#parts;
    const width = values.length;
    const basis = this.#basis;
    surfaceBasis(features, scale, basis);
    let from = 0;
    let own = job * surfaceCount * width;
    for (let at = 0; at < basisSize; at++) {
      const value = basis[at] ?? 0;
      const isSign = at < surfaceCount;
      for (let component = 0; component < width; component++, from++) {
        const slope = isSign ? (surface[from] ?? 0) + (jobSurface[own++] ?? 0) : (surface[from] ?? 0);
        values[component] = (values[component] ?? 0) + value * slope;
      }
    }
  }
}

/** Moves estimates towards the mean scores of near prompts; none found leaves them as they are. */
export function addNeighbours(
  into: Float64Array,
  of: { found: Neighbours; scores: Float32Array; means: Float64Array; trust: number },
): void {
  const { found, scores, means, trust } = of;
  const size = means.length;
  const { rows, similarities } = found;
  let total = neighbourPrior;
  for (let at = 0; at < rows.length; at++) total += similarities[at] ?? 0;
  for (let at = 0; at < rows.length; at++) {
    const share = (trust * (similarities[at] ?? 0)) / total;
    const base = (rows[at] ?? 0) * size;
    for (let model = 0; model < size; model++) {
      const gap = (scores[base + model] ?? 0) - (means[model] ?? 0);
      // Not graded: as the job's mean says.
      if (gap === gap) into[model] = (into[model] ?? 0) + share * gap;
    }
  }
}

/** Moves estimates towards the means of all work, at the same level: only differences between models matter. */
function addCommon(into: Float64Array, means: Float64Array, common: Float64Array): void {
  let level = 0;
  for (let model = 0; model < means.length; model++) level += (means[model] ?? 0) - (common[model] ?? 0);
  level /= Math.max(1, means.length);
  for (let model = 0; model < means.length; model++)
    into[model] = (into[model] ?? 0) + commonShare * ((common[model] ?? 0) + level - (means[model] ?? 0));
}

/** Rows of so many components, each padded to the stride. */
function pack(values: Float32Array, of: { columns: number; width: number; stride: number }): Float32Array {
  const packed = new Float32Array(of.columns * of.stride);
  for (let column = 0; column < of.columns; column++)
    packed.set(values.subarray(column * of.width, (column + 1) * of.width), column * of.stride);
  return packed;
}

/** Beyond the last component there is padding only. */
function addAt(values: Float64Array, at: number, sum: number): void {
  if (at < values.length) values[at] = (values[at] ?? 0) + sum;
}
