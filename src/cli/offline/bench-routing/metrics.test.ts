import { describe, expect, it } from 'vitest';
import * as routing from '../../../routing/index.ts';
import { createSeededRandom } from '../../../platform/random.ts';
import type { BenchRow, BenchSet } from './load-set.ts';
import { routerPredictions, trainRouter } from './methods.ts';
import { areaUnder, costReaching, hullOf, pointOf, strongShareCurve } from './metrics.ts';

function rowsOf(scores: (at: number) => { job: string; scores: readonly number[] }, count: number): BenchRow[] {
  return Array.from({ length: count }, (_, at) => {
    const one = scores(at);
    return {
      id: `${at}`,
      job: one.job,
      prompt: `question number ${at}`,
      inputTokens: 10,
      scores: Float64Array.from(one.scores),
      costs: Float64Array.from(one.scores, (__, model) => 1000 * (model + 1)),
      latencyMs: undefined,
      holdout: undefined,
      paraphrase: undefined,
    };
  });
}

function setOf(models: number): Pick<BenchSet, 'models' | 'prices'> {
  const names = Array.from({ length: models }, (_, at) => `m${at}`);
  return { models: names, prices: names.map(() => ({ input: 0, output: 1 })) };
}

describe('the measures', () => {
  it('agree with three points worked out by hand', () => {
    const hull = hullOf([
      { cost: 1, score: 0.5 },
      { cost: 2, score: 0.6 },
      { cost: 3, score: 0.9 },
    ]);
    expect(hull).toEqual([
      { cost: 1, score: 0.5 },
      { cost: 3, score: 0.9 },
    ]);
    expect(areaUnder(hull, 1, 3)).toBeCloseTo(0.7, 4);
    expect(costReaching(hull, 0.7)).toBeCloseTo(2, 9);
    expect(costReaching(hull, 0.95)).toBeUndefined();
  });

  it('give about one half to random scores and the most to perfect ones', () => {
    const random = createSeededRandom(2);
    const rows = rowsOf(() => ({ job: 'a', scores: [random.unit() < 0.5 ? 1 : 0, random.unit() < 0.8 ? 1 : 0] }), 4000);
    const pair = { strong: 1, weak: 0 };
    const noise = Float64Array.from(rows, () => random.unit());
    expect(strongShareCurve(rows, noise, pair).apgr).toBeCloseTo(0.5, 1);
    const perfect = Float64Array.from(rows, ({ scores }) => (scores[1] ?? 0) - (scores[0] ?? 0));
    expect(strongShareCurve(rows, perfect, pair).apgr).toBeGreaterThan(0.9);
  });
});

describe('the router under measurement', () => {
  it('reaches the oracle where jobs prefer different models', () => {
    const rows = rowsOf((at) => (at % 2 === 0 ? { job: 'a', scores: [1, 0] } : { job: 'b', scores: [0, 1] }), 200);
    const set = setOf(2);
    const state = trainRouter(routing, set, rows.slice(0, 120));
    const choices = routerPredictions(routing, set, { state, rows: rows.slice(120) }).choose(0);
    expect(pointOf(rows.slice(120), choices).score).toBe(1);
  });

  it('takes the best single model where labels are noise, and the prior choice on an unseen job', () => {
    const random = createSeededRandom(4);
    const chances = [0.5, 0.8, 0.6];
    const rows = rowsOf(() => ({ job: 'a', scores: chances.map((chance) => (random.unit() < chance ? 1 : 0)) }), 400);
    const set = setOf(3);
    const state = trainRouter(routing, set, rows);
    const asked = rows.map((row) => ({ ...row, job: 'unseen' }));
    const known = routerPredictions(routing, set, { state, rows }).choose(0);
    expect(known.filter((model) => model === 1).length / known.length).toBeGreaterThan(0.95);
    expect(new Set(routerPredictions(routing, set, { state, rows: asked }).choose(0))).toEqual(new Set([1]));
  });

  it('chooses the same in two runs', () => {
    const random = createSeededRandom(6);
    const rows = rowsOf(() => ({ job: 'a', scores: [random.unit(), random.unit()] }), 100);
    const run = () =>
      routerPredictions(routing, setOf(2), { state: trainRouter(routing, setOf(2), rows), rows }).choose(1);
    expect(run()).toEqual(run());
  });
});
