import { hash32 } from '../hash.ts';
import type { PromptFeatures } from './prompt-features.ts';

/** Directions that a vector is measured along; a power of two. */
const directionCount = 512;
/** Each coordinate counts in so many of them: as good as in all, and quick enough for the way of a request. */
const sharesEach = 16;
/** Of these the most telling are kept: a prompt by words has about as many terms. */
const keptTerms = 96;
/** A direction counts up to so often, by how far the vector points along it. */
const highestCount = 20;
const projectionVersion = 1;
const mostCoordinates = 8192;

/** Names the space that vectors of a model lie in; never 0, which is that of words. */
export function featureKindOf(model: string): number {
  return hash32(`embedding ${projectionVersion} ${model}`) || 1;
}

/**
 * Writes vectors of an embeddings model in the shape that features by words have: how far a vector points along fixed
 * random directions, the farthest ones kept as terms, one for each sense of a direction. Near vectors share terms. The
 * directions depend on nothing but the length of the vector.
 */
export class VectorProjection {
  /** Directions with signs, coordinate by coordinate; made for the length that comes, since a model has one. */
  #shares: Uint16Array = new Uint16Array(0);

  /** Terms of a vector; undefined for what is none. */
  terms(vector: readonly number[]): Pick<PromptFeatures, 'buckets' | 'weights'> | undefined {
    const isVector = vector.length > 0 && vector.length <= mostCoordinates && vector.every(Number.isFinite);
    if (!isVector || vector.every((one) => one === 0)) return undefined;
    const along = this.#measure(vector);
    const farthest = Array.from(along, (_, direction) => direction)
      .filter((direction) => along[direction] !== 0)
      .toSorted((left, right) => Math.abs(along[right] ?? 0) - Math.abs(along[left] ?? 0) || left - right)
      .slice(0, keptTerms);
    const most = Math.abs(along[farthest[0] ?? 0] ?? 0) || 1;
    const terms = farthest
      .map((direction) => {
        const value = along[direction] ?? 0;
        const count = Math.max(1, Math.round((highestCount * Math.abs(value)) / most));
        return { bucket: 2 * direction + Number(value < 0), weight: 1 + Math.log(count) };
      })
      .toSorted((left, right) => left.bucket - right.bucket);
    return {
      buckets: Int32Array.from(terms, ({ bucket }) => bucket),
      weights: Float32Array.from(terms, ({ weight }) => weight),
    };
  }

  #measure(vector: readonly number[]): Float64Array {
    if (this.#shares.length !== vector.length * sharesEach) this.#shares = sharesFor(vector.length);
    const along = new Float64Array(directionCount);
    const shares = this.#shares;
    for (let at = 0; at < shares.length; at++) {
      const share = shares[at] ?? 0;
      const value = vector[(at / sharesEach) | 0] ?? 0;
      const direction = share >> 1;
      along[direction] = (along[direction] ?? 0) + ((share & 1) === 1 ? value : -value);
    }
    return along;
  }
}

/** Fixed for ever: features that are kept must mean the same in every process. */
function sharesFor(coordinates: number): Uint16Array {
  const shares = new Uint16Array(coordinates * sharesEach);
  for (let at = 0; at < shares.length; at++) {
    let mixed = Math.imul(at ^ 0x9e3779b9, 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x27d4eb2f);
    shares[at] = (mixed ^ (mixed >>> 15)) & (2 * directionCount - 1);
  }
  return shares;
}
