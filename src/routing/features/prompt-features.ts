/** Buckets that words, word pairs and characters are hashed into. */
export const termBuckets = 32_768;
/** Measured signs of a text, beside its words. */
export const surfaceCount = 20;
/** Terms kept of one prompt; what is beyond them rarely changes a choice and would make the state unbounded. */
export const maxTerms = 384;

/** What is known of a prompt without any model: sparse hashed terms and a few measured signs. */
export interface PromptFeatures {
  /** Ascending, without repeats. */
  readonly buckets: Int32Array;
  /** 1 + log of how often, same order. */
  readonly weights: Float32Array;
  /** Roughly in -1..3 each, in the order in which the feature reader measures. */
  readonly surface: Float32Array;
  readonly characters: number;
  readonly script: Script;
  /** The space that the terms lie in; absent: words. Terms of different kinds mean different things. */
  readonly kind?: number;
}

/** The writing that most letters of a text belong to. */
export type Script = 'latin' | 'cjk' | 'other' | 'none';
