import { describe, expect, it } from 'vitest';
import type { OutcomeFact } from '../../domain/facts/facts.ts';
import { featureKindOf, VectorProjection } from '../features/embedded-features.ts';
import { FeatureReader } from '../features/feature-reader.ts';
import { encodeFeatures } from '../features/feature-text.ts';
import { LearningService } from './learning-service.ts';

const clock = { nowMs: () => 1_000_000, monotonicMs: () => 0 };
const words = new FeatureReader().read('What is the capital of France?');
const kind = featureKindOf('vectors');
const embedded = { ...words, ...new VectorProjection().terms([1, -2, 3, 0.5]), kind };

function outcome(at: number, features: string): OutcomeFact {
  const about = { job: 'reply', model: 'small', key: 'shop', outcomeId: `out_${at}` };
  return {
    type: 'outcome',
    requestId: `req_${at}`,
    atMs: 1000,
    kind: 'score',
    source: 'eval',
    value: 0,
    features,
    ...about,
  };
}

function taught(featureKind: number | undefined): LearningService {
  const learning = new LearningService({ clock, featureKind });
  learning.addModels([{ model: 'small', upstreamModels: [], outputNanos: undefined }]);
  for (let at = 0; at < 10; at++) learning.note(outcome(at, encodeFeatures(at % 2 === 0 ? words : embedded)));
  return learning;
}

describe('features of different kinds', () => {
  it('never mix: those of the other kind teach their job, and no prompt', () => {
    const services = [taught(undefined), taught(kind), taught(featureKindOf('other'))];
    expect(services.map((one) => one.status().prompts)).toEqual([1, 1, 0]);
    expect(services.map((one) => one.status().outcomes)).toEqual([10, 10, 10]);
    const [byWords, byVectors] = services.map(({ state }) => state);
    expect(byVectors?.jobs.get('reply')?.quality).toEqual(byWords?.jobs.get('reply')?.quality);
    // What is believed of prompts belongs to the snapshot, and so does how they are read.
    expect(new Set(services.map(({ state }) => state.id)).size).toBe(3);
    expect(taught(kind).state.id).toBe(byVectors?.id);
  });
});
