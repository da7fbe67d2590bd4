import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OutcomeFact } from '../facts/facts.ts';
import { defaultSuccessRule, isRuleProblem, readSuccessRule, type SuccessRule, unusualKinds } from './success-rule.ts';

const told = (kind: string, one: Partial<OutcomeFact> = {}): OutcomeFact => ({
  type: 'outcome',
  requestId: 'req_1',
  atMs: 1,
  source: 'test',
  kind,
  ...one,
});

function rule(text: string): SuccessRule {
  const read = readSuccessRule(text);
  if (isRuleProblem(read)) throw new Error(`${read.problem} at ${read.at}`);
  return read;
}

describe('a success rule', () => {
  it('joins tests with what people did, and a behaviour that nobody told did not happen', () => {
    const one = rule('test.pass && !behaviour.regenerate');
    expect(one.judge([told('test', { value: 1 })])).toBe(1);
    expect(one.judge([told('test', { value: 1 }), told('regenerate')])).toBe(0);
    expect(one.judge([told('test', { value: 0 })])).toBe(0);
    expect(one.kinds).toEqual(['test', 'regenerate']);
  });

  it('never takes what is missing for a failure', () => {
    for (const text of ['score >= 0.7', 'test.pass && !behaviour.regenerate', '!test.fail', 'label == "kept"']) {
      expect(rule(text).judge([])).toBe('unknown');
    }
    expect(rule('score >= 0.7').judge([told('thumb', { value: 1 })])).toBe('unknown');
  });

  it('is decided by the side that is known where that is enough', () => {
    const outcomes = [told('score', { value: 0.2 })];
    expect(rule('score >= 0.7 && test.pass').judge(outcomes)).toBe(0);
    expect(rule('score < 0.7 || test.pass').judge(outcomes)).toBe(1);
    expect(rule('score >= 0.7 || test.pass').judge(outcomes)).toBe('unknown');
  });

  it('compares labels, money and minutes', () => {
    const outcomes = [
      told('label', { label: 'kept' }),
      told('revenue', { amountNanos: '1500000000' }),
      told('minutes_saved', { minutesSaved: 4 }),
    ];
    expect(rule('label == "kept" && amount > 1 && minutesSaved >= 4').judge(outcomes)).toBe(1);
    expect(rule('label != "kept" || amount > 2').judge(outcomes)).toBe(0);
  });

  it('takes the latest of a kind, without what was retracted', () => {
    const outcomes = [
      told('score', { value: 0.9, outcomeId: 'out_1' }),
      told('score', { value: 0.1, outcomeId: 'out_2' }),
    ];
    expect(rule('score >= 0.7').judge(outcomes)).toBe(0);
    expect(rule('score >= 0.7').judge([...outcomes, told('score', { retracts: 'out_2' })])).toBe(1);
  });

  it('of a job that states none looks at the strongest evidence', () => {
    const one = rule(defaultSuccessRule);
    expect(one.judge([told('thumb', { value: 0 }), told('test', { value: 1 })])).toBe(1);
    expect(one.judge([told('thumb', { value: 0 })])).toBe(0);
    // A kept form alone is no success.
    expect(one.judge([told('schema', { value: 1 })])).toBe('unknown');
    expect(one.judge([told('schema', { value: 0 })])).toBe(0);
  });

  it.each([
    ['', 'empty', 0],
    ['test.pass &&', 'begins with a kind', 12],
    ['(score > 1', 'not closed', 10],
    ['score >= "high"', 'a number is needed', 9],
    ['label == 1', 'compared with a "text"', 9],
    ['label > "a"', 'only equal or not', 6],
    ['test.wins', 'no field', 0],
    ['score = 1', 'nothing that a rule knows', 6],
    ['score 1', 'not expected here', 6],
    ['behaviour', 'which behaviour', 0],
    ['label', 'to be compared', 0],
    ['!'.repeat(30), 'levels deep', 20],
    ['a'.repeat(600), 'at most 500', 500],
  ])('%j is refused because of: %s', (text, problem, at) => {
    const read = readSuccessRule(text);
    expect(read).toMatchObject({ problem: expect.stringContaining(problem), at });
  });

  it('[proof 20] has another version when it says something else', () => {
    expect(rule('score >= 0.7').version).toBe(rule('score>=0.7').version);
    expect(rule('score >= 0.7').version).not.toBe(rule('score >= 0.8').version);
    expect(unusualKinds(rule('test.pass && nps.pass'))).toEqual(['nps']);
  });

  it('never throws, whatever it is given', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab.!&|<>=()"0 '.split('')), maxLength: 30 }), (text) => {
        const read = readSuccessRule(text);
        if (!isRuleProblem(read)) expect([0, 1, 'unknown']).toContain(read.judge([told('a', { value: 1 })]));
      }),
    );
  });
});
