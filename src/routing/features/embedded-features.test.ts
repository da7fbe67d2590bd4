import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../domain/statistics/seeded-random.ts';
import { featureKindOf, VectorProjection } from './embedded-features.ts';
import { FeatureReader } from './feature-reader.ts';
import { decodeFeatures, encodeFeatures } from './feature-text.ts';
import { type PromptFeatures, termBuckets } from './prompt-features.ts';

const random = seededRandom(3);
const gauss = (): number => Array.from({ length: 12 }, () => random()).reduce((sum, one) => sum + one, -6);
const vectorOf = (length = 256): number[] => Array.from({ length }, gauss);

function similarity(left: Pick<PromptFeatures, 'buckets' | 'weights'>, right: typeof left): number {
  const weights = new Map(Array.from(left.buckets, (bucket, at) => [bucket, left.weights[at] ?? 0] as const));
  const dot = Array.from(right.buckets).reduce(
    (sum, bucket, at) => sum + (weights.get(bucket) ?? 0) * (right.weights[at] ?? 0),
    0,
  );
  const norm = (values: Float32Array): number => Math.sqrt(values.reduce((sum, one) => sum + one * one, 0));
  return dot / (norm(left.weights) * norm(right.weights));
}

describe('vectors of an embeddings model', () => {
  it('that are near each other share terms, and others do not', () => {
    const projection = new VectorProjection();
    const base = vectorOf();
    const noise = vectorOf();
    const terms = [base, base.map((one, at) => one + 0.2 * (noise[at] ?? 0)), vectorOf()].map((vector) =>
      projection.terms(vector),
    );
    const [own, near, far] = terms;
    if (!own || !near || !far) throw new Error('these are vectors');
    expect(similarity(own, near)).toBeGreaterThan(0.75);
    expect(similarity(own, far)).toBeLessThan(0.35);
    expect([...own.buckets].every((bucket, at) => bucket > (own.buckets[at - 1] ?? -1) && bucket < termBuckets)).toBe(
      true,
    );
  });

  it('give the same terms in every process, whatever their scale', () => {
    const vector = [0.25, -0.5, 1, 0, 0.125];
    const [first, scaled] = [vector, vector.map((one) => 8 * one)].map((one) => new VectorProjection().terms(one));
    expect(first).toEqual(scaled);
    expect([...(first?.buckets ?? [])].slice(0, 6)).toEqual([3, 26, 51, 66, 75, 121]);
  });

  it('are none when they hold no direction', () => {
    const projection = new VectorProjection();
    for (const vector of [[], [0, 0], [1, Number.NaN], Array.from({ length: 9000 }, () => 1)])
      expect(projection.terms(vector)).toBeUndefined();
  });

  it('keep their kind in text, and words keep the text they had', () => {
    const words = new FeatureReader().read('What is the capital of France?');
    const terms = new VectorProjection().terms(vectorOf());
    if (!terms) throw new Error('this is a vector');
    const kind = featureKindOf('small-embedding');
    const embedded = decodeFeatures(encodeFeatures({ ...words, ...terms, kind }));
    expect(embedded).toEqual({ ...words, ...terms, kind });
    expect(decodeFeatures(encodeFeatures(words))).toEqual(words);
    expect(encodeFeatures(words).startsWith('AQ')).toBe(true);
    expect(featureKindOf('other')).not.toBe(kind);
  });
});
