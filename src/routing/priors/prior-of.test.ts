import { describe, expect, it } from 'vitest';
import { publicScores } from '../../catalog/index.ts';
import { learnerDefaults } from '../estimate/routing-learner.ts';
import { priorOf } from './prior-of.ts';

const { defaultPrior } = learnerDefaults.shrinkage;
const known = (model: string, outputNanos?: number, upstreamModels: readonly string[] = []) =>
  priorOf({ model, upstreamModels, outputNanos });

describe('what is expected of a model before any outcome', () => {
  it('follows published scores of its family, whatever it is called here', () => {
    expect(known('gpt-4.1').mean).toBeGreaterThan(known('gpt-4.1-nano').mean);
    expect(known('large', undefined, ['maker/gpt-4.1-2025-04-14'])).toEqual(known('gpt-4.1'));
  });

  it('does not take a name that only begins alike for the family', () => {
    expect(known('gpt-4.5')).toEqual(defaultPrior);
    expect(known('gpt-4oo')).toEqual(defaultPrior);
  });

  it('leans a little on the price where nothing is published, and on nothing without one', () => {
    expect(known('own', 10_000).mean).toBeGreaterThan(known('own', 100).mean);
    expect(known('own', 1e9).mean).toBeLessThan(defaultPrior.mean + 0.06);
    expect(known('own')).toEqual(defaultPrior);
    expect(known('own', 0)).toEqual(defaultPrior);
  });

  it('weighs as little as a few graded answers, and each score says who published it and when', () => {
    for (const { family, mmlu, source, published } of publicScores) {
      expect(known(family).weight).toBeLessThanOrEqual(10);
      expect(mmlu).toBeGreaterThan(0.25);
      expect(mmlu).toBeLessThan(1);
      expect(source).toMatch(/^https:\/\//);
      expect(published).toMatch(/^20\d\d-\d\d-\d\d$/);
    }
  });
});
