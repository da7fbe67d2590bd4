import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSeededRandom } from '../../platform/random.ts';
import { FeatureReader } from '../features/feature-reader.ts';
import { type LearnedOutcome, learnerDefaults, RoutingLearner } from './routing-learner.ts';

const reader = new FeatureReader();
const features = reader.read('What is the capital of France?');

const outcomes = fc.uniqueArray(
  fc.record({
    id: fc.string({ minLength: 1, maxLength: 6 }),
    job: fc.constantFrom('a', 'b'),
    model: fc.constantFrom('m0', 'm1', 'm2'),
    score: fc.double({ min: 0, max: 1, noNaN: true }),
    weight: fc.constantFrom(1, 0.9, 0.5),
    atMs: fc.integer({ min: 0, max: 1e10 }),
    promptId: fc.string({ minLength: 1, maxLength: 3 }),
  }),
  { selector: ({ id }) => id, maxLength: 40 },
);

function learnerOf(list: readonly LearnedOutcome[]): RoutingLearner {
  const learner = new RoutingLearner();
  for (const model of ['m0', 'm1', 'm2']) learner.addModel(model, { mean: 0.7, weight: 10 });
  for (const outcome of list) learner.learn(outcome);
  return learner;
}

/** What is believed, without the name of the snapshot. */
function beliefs(learner: RoutingLearner): string {
  const { unknownJob, jobs } = learner.snapshot(2e10);
  return JSON.stringify([unknownJob, [...jobs].sort()], (_, value: unknown) =>
    ArrayBuffer.isView(value) ? Array.from(value as Float64Array, (one) => one.toPrecision(12)) : value,
  );
}

describe('a learner', () => {
  it('believes the same whatever the order of outcomes, and counts an id once', () => {
    fc.assert(
      fc.property(outcomes, (list) => {
        const reversed = list.toReversed();
        expect(beliefs(learnerOf([...reversed, ...list]))).toBe(beliefs(learnerOf(list)));
      }),
    );
  });

  it('returns to the prior when all outcomes are retracted', () => {
    fc.assert(
      fc.property(outcomes, (list) => {
        const learner = learnerOf(list.map((outcome) => ({ ...outcome, features })));
        for (const { id } of list) expect(learner.retract(id)).toBe(true);
        expect(beliefs(learner)).toBe(beliefs(learnerOf([])));
      }),
    );
  });

  it('ignores scores and weights that are none', () => {
    const learner = learnerOf([]);
    const outcome = { id: 'x', job: 'a', model: 'm0', score: 0.5, weight: 1, atMs: 0 };
    for (const score of [Number.NaN, -1, 1e9]) expect(learner.learn({ ...outcome, score })).toBe(false);
    for (const weight of [0, Number.NaN, 2]) expect(learner.learn({ ...outcome, weight })).toBe(false);
    expect(beliefs(learner)).toBe(beliefs(learnerOf([])));
  });

  it('grows surer with evidence of the same mean, and covers the truth', () => {
    const random = createSeededRandom(5);
    let covered = 0;
    for (let trial = 0; trial < 300; trial++) {
      const chance = 0.2 + 0.6 * random.unit();
      const learner = new RoutingLearner();
      for (let at = 0; at < 150; at++) {
        const score = random.unit() < chance ? 1 : 0;
        learner.learn({ id: `${at}`, job: 'a', model: 'm0', score, weight: 1, atMs: 0 });
      }
      const belief = learner.snapshot(0).jobs.get('a');
      const [mean = 0, error = 0] = [belief?.quality[0], belief?.errors[0]];
      if (Math.abs(mean - chance) <= 1.96 * error) covered++;
    }
    expect(covered / 300).toBeGreaterThanOrEqual(0.92);
    let before = Number.POSITIVE_INFINITY;
    const learner = new RoutingLearner();
    for (let at = 0; at < 100; at += 2) {
      for (const score of [0, 1])
        learner.learn({ id: `${at + score}`, job: 'a', model: 'm0', score, weight: 1, atMs: 0 });
      const belief = learner.snapshot(0).jobs.get('a');
      expect(belief?.errors[0]).toBeLessThan(before);
      before = belief?.errors[0] ?? 0;
    }
  });

  it('keeps no more prompts and outcomes than its bounds say', () => {
    const learner = new RoutingLearner({ ...learnerDefaults, promptsPerJob: 50, promptsInAll: 80, mostOutcomes: 500 });
    for (let at = 0; at < 2000; at++) {
      const outcome = { id: `${at}`, job: `j${at % 4}`, model: 'm0', score: 1, weight: 1, atMs: at };
      learner.learn({ ...outcome, promptId: `${at}`, features });
    }
    expect(learner.size.prompts).toBeLessThanOrEqual(100);
    expect(learner.size.outcomes).toBeLessThanOrEqual(500);
  });

  it('prefers in each job the model that is better there, and by the prompt where prompts tell', () => {
    const learner = new RoutingLearner();
    for (const model of ['m0', 'm1']) learner.addModel(model);
    for (let at = 0; at < 300; at++) {
      const isCode = at % 2 === 0;
      const text = isCode ? `write a function number ${at} that sorts` : `translate poem ${at} to French please`;
      ['m0', 'm1'].forEach((model, which) => {
        const score = (which === 0) === isCode ? 1 : 0;
        const outcome = { id: `${at}.${which}`, job: 'mixed', model, score, weight: 1, atMs: 0 };
        learner.learn({ ...outcome, promptId: `${at}`, features: reader.read(text) });
      });
    }
    learner.refit();
    expect(learner.snapshot(0).fit?.residual?.isOn(0)).toBe(true);
  });
});
