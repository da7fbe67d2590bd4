import { describe, expect, it } from 'vitest';
import type { OutcomeFact } from '../facts/facts.ts';
import { outcomeWeight, standingOutcomes, verdictOf } from './outcome.ts';

const told = (one: Partial<OutcomeFact>): OutcomeFact => ({
  type: 'outcome',
  requestId: 'req_1',
  atMs: 1,
  kind: 'score',
  source: 'test',
  ...one,
});

describe('the verdict of an exchange', () => {
  it('is that of its strongest kind and never weighs more than one', () => {
    const verdict = verdictOf([
      told({ kind: 'thumb', value: 0 }),
      told({ kind: 'test', value: 1 }),
      told({ kind: 'score', value: 0.2 }),
    ]);
    expect(verdict).toEqual({ kind: 'test', weight: 1, value: 1 });
    expect(outcomeWeight(told({ weight: 900 }))).toBe(1);
  });

  it('is the mean where one kind was told several times', () => {
    expect(verdictOf([told({ value: 1 }), told({ value: 0 })])).toEqual({ kind: 'score', weight: 0.9, value: 0.5 });
  });

  it('is unknown without evidence, and money alone is none', () => {
    expect(verdictOf([])).toBeUndefined();
    expect(verdictOf([told({ kind: 'revenue', amountNanos: '5' })])).toBeUndefined();
    expect(verdictOf([told({ kind: 'label', label: 'wrong-tone' })])).toBeUndefined();
  });

  it('counts a broken form fully and a kept one half', () => {
    expect(verdictOf([told({ kind: 'schema', value: 0 })])?.weight).toBe(1);
    expect(verdictOf([told({ kind: 'schema', value: 1 })])?.weight).toBe(0.5);
  });

  it('[proof 19] is one success for an outcome told twice, late and retracted', () => {
    const first = told({ outcomeId: 'out_1', value: 0 });
    const again = told({ outcomeId: 'out_2', value: 1, idempotencyKey: 'k' });
    const twice = told({ outcomeId: 'out_3', value: 1, idempotencyKey: 'k' });
    const back = told({ outcomeId: 'out_4', retracts: 'out_1' });
    expect(verdictOf([first, again, twice, back])?.value).toBe(1);
    expect(standingOutcomes([back, again, twice, first])).toEqual([again]);
  });

  it('follows a correction and not what it corrects', () => {
    const first = told({ outcomeId: 'out_1', value: 0 });
    const better = told({ outcomeId: 'out_2', value: 1, supersedes: 'out_1' });
    expect(verdictOf([first, better])?.value).toBe(1);
    expect(verdictOf([first, better, told({ retracts: 'out_2' })])).toBeUndefined();
  });
});
