import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../domain/faults/fault.ts';
import { createSeededRandom } from '../../platform/random.ts';
import { RoutingLearner } from '../estimate/routing-learner.ts';
import type { RoutingState } from '../estimate/routing-state.ts';
import { FeatureReader } from '../features/feature-reader.ts';
import { type Choice, type ChoiceInput, chooseModel } from './choose-model.ts';
import type { Candidate } from './estimate-candidates.ts';
import { draw, propensities } from './explore.ts';

const request = { job: 'support', features: undefined, inputTokens: 100 };

function candidate(model: string, changes: Partial<Candidate> = {}): Candidate {
  return { model, inputNanosPerToken: 100, outputNanosPerToken: 400, ...changes };
}

function choose(input: Partial<ChoiceInput> & Pick<ChoiceInput, 'state' | 'candidates'>): Choice {
  const choice = chooseModel({ request, tradeoff: { valueNanos: undefined }, seed: 1, ...input });
  if (Fault.is(choice)) throw choice;
  return choice;
}

/** Each model graded on the same prompts of one job with its own chance of success. */
function graded(chances: readonly number[], count: number, seed = 1): RoutingLearner {
  const random = createSeededRandom(seed);
  const learner = new RoutingLearner();
  chances.forEach((_, model) => learner.addModel(`m${model}`));
  const isRight = (model: number): boolean => random.unit() < (chances[model] ?? 0);
  teach(learner, { job: 'support', models: chances.length, count, isRight });
  return learner;
}

function teach(
  learner: RoutingLearner,
  of: { job: string; models: number; count: number; isRight: (model: number, prompt: number) => boolean },
): void {
  const features = new FeatureReader().read('how do I return my order?');
  for (let prompt = 0; prompt < of.count; prompt++) {
    for (let model = 0; model < of.models; model++) {
      const outcome = { job: of.job, model: `m${model}`, score: of.isRight(model, prompt) ? 1 : 0, weight: 1, atMs: 0 };
      const promptId = `${of.job}.${prompt}`;
      learner.learn({ ...outcome, id: `${promptId}.${model}`, promptId, features });
    }
  }
}

describe('a choice', () => {
  it('never falls on a candidate that is excluded, whatever is believed', () => {
    const state = graded([0.9, 0.5, 0.3, 0.8], 40).snapshot(0);
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
        fc.integer({ min: 0, max: 1e9 }),
        fc.double({ min: 0, max: 100, noNaN: true }),
        (barred, seed, gamma) => {
          const candidates = barred.map((isBarred, at) =>
            candidate(`m${at}`, isBarred ? { excluded: 'breaker is open' } : {}),
          );
          const tradeoff = {
            valueNanos: 1e6,
            exploration: { gamma, epsilon: 0.02 },
            floor: { incumbent: 'm0', margin: 0.02 },
          };
          const choice = chooseModel({ state, request, candidates, tradeoff, seed });
          expect(Fault.is(choice)).toBe(!barred.includes(false));
          if (Fault.is(choice)) return;
          expect(candidates[choice.chosen]?.excluded).toBeUndefined();
          candidates.forEach(({ excluded }, at) => {
            if (excluded) expect(choice.propensities[at]).toBe(0);
          });
        },
      ),
    );
  });

  it('has propensities that sum to one, and draws agree with them', () => {
    const utilities = Float64Array.from([0.9, 0.85, 0.4, 0.7]);
    const shares = propensities(utilities, [true, true, true, false], {
      best: 0,
      exploration: { gamma: 10, epsilon: 0.05 },
    });
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    const random = createSeededRandom(3);
    const counts = new Float64Array(4);
    for (let drawn = 0; drawn < 100_000; drawn++) {
      const at = draw(shares, random.unit());
      counts[at] = (counts[at] ?? 0) + 1;
    }
    shares.forEach((share, at) => expect(Math.abs((counts[at] ?? 0) / 100_000 - share)).toBeLessThan(0.006));
    expect(counts[3]).toBe(0);
  });

  it('tries what may be the best, and what is surely worse only by the evenly spread share', () => {
    const state = graded([0.8, 0.79, 0.3], 400).snapshot(0);
    const candidates = ['m0', 'm1', 'm2'].map((model) => candidate(model));
    const tradeoff = { valueNanos: 1e6, isLearning: true, exploration: { gamma: 20, epsilon: 0.006 } };
    const choice = chooseModel({ state, request, candidates, tradeoff, seed: 1 });
    if (Fault.is(choice)) throw choice;
    const [best, near, worse] = choice.propensities;
    expect(worse).toBeCloseTo(0.002, 9);
    expect(near).toBeGreaterThan(0.1);
    expect((best ?? 0) + (near ?? 0) + (worse ?? 0)).toBeCloseTo(1, 12);
  });

  it('is the same for the same snapshot and seed', () => {
    const state = graded([0.7, 0.72, 0.5], 60).snapshot(0);
    const candidates = ['m0', 'm1', 'm2'].map((model) => candidate(model));
    const tradeoff = { valueNanos: 1e6, exploration: { gamma: 3, epsilon: 0.02 } };
    for (let seed = 0; seed < 200; seed++) {
      const [first, second] = [
        choose({ state, candidates, tradeoff, seed }),
        choose({ state, candidates, tradeoff, seed }),
      ];
      expect(JSON.stringify(second)).toBe(JSON.stringify(first));
    }
  });

  it('changes with a price, without any outcome', () => {
    const state = graded([0.8, 0.8], 200).snapshot(0);
    const tradeoff = { valueNanos: 1e5 };
    const dear = [candidate('m0'), candidate('m1', { outputNanosPerToken: 4000 })];
    const cut = [candidate('m0'), candidate('m1', { outputNanosPerToken: 1, inputNanosPerToken: 1 })];
    expect(choose({ state, candidates: dear, tradeoff }).model).toBe('m0');
    expect(choose({ state, candidates: cut, tradeoff }).model).toBe('m1');
  });

  it('stays with a warm prompt cache until the gain exceeds what leaving it costs', () => {
    const state = graded([0.8, 0.8], 200).snapshot(0);
    const long = { ...request, inputTokens: 20_000 };
    const tradeoff = { valueNanos: 1e8 };
    const warm = candidate('m0', { inputNanosPerToken: 3000, cachedTokens: 20_000, cacheReadNanosPerToken: 300 });
    const other = (inputNanosPerToken: number) => candidate('m1', { inputNanosPerToken });
    const by = (price: number) => choose({ state, request: long, candidates: [warm, other(price)], tradeoff }).model;
    expect(by(2000)).toBe('m0');
    expect(by(10)).toBe('m1');
  });

  it('rarely takes one of forty slightly worse models for not worse: in at most one of twenty trials', () => {
    let promoted = 0;
    for (let trial = 0; trial < 40; trial++) {
      const state: RoutingState = graded([0.8, ...Array.from({ length: 40 }, () => 0.77)], 100, trial).snapshot(0);
      const candidates = [
        candidate('m0', { outputNanosPerToken: 4000 }),
        ...Array.from({ length: 40 }, (_, at) => candidate(`m${at + 1}`)),
      ];
      const tradeoff = { valueNanos: 1e6, floor: { incumbent: 'm0', margin: 0.02 } };
      if (choose({ state, candidates, tradeoff }).model !== 'm0') promoted++;
    }
    expect(promoted).toBeLessThanOrEqual(2);
  });

  it('takes a gain in a young job for skill beyond its error only, where it does not learn from its choices', () => {
    const taken = (every: number, isLearning: boolean): string => {
      const learner = graded([0.8, 0.7], 200);
      const isRight = (model: number, prompt: number): boolean => (model === 1 ? prompt % every > 0 : prompt % 10 < 7);
      teach(learner, { job: 'young', models: 2, count: 40, isRight });
      const candidates = [candidate('m0'), candidate('m1')];
      const young = { state: learner.snapshot(0), request: { ...request, job: 'young' } };
      return choose({ ...young, candidates, tradeoff: { valueNanos: undefined, isLearning } }).model;
    };
    expect([taken(5, false), taken(5, true), taken(20, false)]).toEqual(['m0', 'm1', 'm1']);
  });

  it('names why each candidate is out when none is left', () => {
    const state = new RoutingLearner().snapshot(0);
    const candidates = [candidate('m0', { excluded: 'breaker is open' })];
    const choice = chooseModel({ state, request, candidates, tradeoff: { valueNanos: undefined }, seed: 1 });
    expect(Fault.is(choice) && choice.message).toContain('m0 breaker is open');
  });
});
