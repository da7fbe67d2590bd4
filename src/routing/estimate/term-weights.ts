import { type PromptFeatures, termBuckets } from '../features/prompt-features.ts';
import type { TermVector } from './neighbour-index.ts';

/** How telling each term is: rare ones more than common ones. */
export class TermWeights {
  readonly #weights: Float32Array;

  constructor(prompts: readonly PromptFeatures[]) {
    const counts = new Float32Array(termBuckets);
    for (const { buckets } of prompts) {
      for (let at = 0; at < buckets.length; at++) counts[buckets[at] ?? 0] = (counts[buckets[at] ?? 0] ?? 0) + 1;
    }
    const total = prompts.length + 1;
    this.#weights = counts.map((count) => Math.log(total / (count + 1)) + 0.05);
  }

  /** The prompt's terms weighted by rarity, scaled to unit length. */
  vector({ buckets, weights }: PromptFeatures): TermVector {
    const values = new Float32Array(buckets.length);
    let norm = 0;
    for (let at = 0; at < buckets.length; at++) {
      const value = (weights[at] ?? 0) * (this.#weights[buckets[at] ?? 0] ?? 0);
      values[at] = value;
      norm += value * value;
    }
    const scale = norm > 0 ? 1 / Math.sqrt(norm) : 0;
    for (let at = 0; at < values.length; at++) values[at] = (values[at] ?? 0) * scale;
    return { buckets, values };
  }
}
