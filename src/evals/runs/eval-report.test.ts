import { describe, expect, it } from 'vitest';
import { flipsOf, reportOf } from './eval-report.ts';
import type { EvalItem, EvalResult } from './eval-spec.ts';
import { planItems } from './plan-items.ts';
import { Purse } from './purse.ts';

function result(...told: [string, string, EvalResult['verdict'], Partial<EvalResult>?]): EvalResult {
  const [itemId, candidate, verdict, more = {}] = told;
  const score = verdict === 'pass' ? 1 : 0;
  const base = {
    itemId,
    candidate,
    sample: 0,
    requestId: 'req_1',
    model: candidate,
    host: 'h',
    verdict,
    score,
    reasons: [],
  };
  return { ...base, answer: candidate, costNanos: 10n, outputTokens: 5, totalMs: 3, ...more };
}

/** Wins and losses of the first candidate, item by item. */
const paired = (wins: number, losses: number, ties = 0): EvalResult[] =>
  Array.from({ length: wins + losses + ties }, (_, at) => [
    result(`i${at}`, 'a', at < wins || at >= wins + losses ? 'pass' : 'fail'),
    result(`i${at}`, 'b', at >= wins ? 'pass' : 'fail'),
  ]).flat();

describe('the report of a run', () => {
  it('[proof 4] compares candidates on the same items, exactly', () => {
    const { pairs, candidates } = reportOf(['a', 'b'], paired(10, 2, 8));
    expect(pairs[0]).toMatchObject({ wins: 10, losses: 2, ties: 8, verdict: 'first', needsMore: null });
    expect(pairs[0]?.p).toBeCloseTo(0.0386, 4);
    expect(candidates[0]).toMatchObject({
      items: 20,
      passed: 18,
      rate: 0.9,
      costNanos: 200n,
      costPerSuccessNanos: 11n,
    });
  });

  it('corrects for the number of pairs, and says how many items an open one still needs', () => {
    const third = Array.from({ length: 20 }, (_, at) => result(`i${at}`, 'c', 'pass'));
    const { pairs } = reportOf(['a', 'b', 'c'], [...paired(10, 2, 8), ...third]);
    const first = pairs.find(({ first: one, second }) => one === 'a' && second === 'b');
    expect(first?.verdict).toBe('open');
    expect(first?.p).toBeGreaterThan(0.05);
    expect(first?.needsMore).toBeGreaterThan(0);
  });

  it('counts what is unknown, and calls that failed, apart from failures', () => {
    const results = [
      result('i1', 'a', 'pass'),
      result('i2', 'a', 'unknown', { score: null }),
      result('i3', 'a', 'error'),
    ];
    expect(reportOf(['a'], results).candidates[0]).toMatchObject({
      items: 1,
      passed: 1,
      unknown: 1,
      errors: 1,
      interval: null,
    });
  });

  it('[proof 26] divides by no success that never was', () => {
    const { candidates } = reportOf(['a'], [result('i1', 'a', 'fail'), result('i2', 'a', 'fail')]);
    expect(candidates[0]).toMatchObject({ rate: 0, costPerSuccessNanos: null, costNanos: 20n });
    expect(reportOf(['a'], [result('i1', 'a', 'pass', { costNanos: null })]).candidates[0]?.costNanos).toBeNull();
  });

  it('tells chances over several samples: at least one right, and all right', () => {
    const samples = [0, 1].map((sample) => result('i1', 'a', sample === 0 ? 'pass' : 'fail', { sample }));
    const { candidates } = reportOf(['a'], samples);
    expect(candidates[0]?.passAtK).toBeCloseTo(1, 9);
    expect(candidates[0]?.passAllK).toBe(0);
    // A draw is not won.
    expect(candidates[0]).toMatchObject({ passed: 0, items: 1 });
  });

  it('lists the items that make the difference, with both answers', () => {
    const flips = flipsOf({ first: 'a', second: 'b' }, paired(1, 1, 3));
    expect(flips.map(({ itemId, winner }) => [itemId, winner])).toEqual([
      ['i0', 'a'],
      ['i1', 'b'],
    ]);
    expect(flips[0]?.answers).toEqual({ a: 'a', b: 'b' });
  });
});

describe('the plan of a run', () => {
  const item = (id: string): EvalItem => ({ id, digest: id, messages: [], expected: {} });

  it('puts items first on which models disagreed, and those last on which all agreed', () => {
    const histories = new Map([
      ['agreed', { passed: 3, failed: 0 }],
      ['split', { passed: 1, failed: 2 }],
    ]);
    const planned = planItems([item('agreed'), item('new'), item('split')], histories, 1);
    expect(planned.map(({ id }) => id)).toEqual(['split', 'new', 'agreed']);
  });

  it('orders unknown items by the seed, not by their place in the file', () => {
    const items = Array.from({ length: 50 }, (_, at) => item(`i${at}`));
    const order = (seed: number): string =>
      planItems(items, new Map(), seed)
        .map(({ id }) => id)
        .join();
    expect(order(1)).toBe(order(1));
    expect(order(1)).not.toBe(order(2));
    expect(order(1)).not.toBe(items.map(({ id }) => id).join());
  });
});

describe('the purse of a run', () => {
  it('gives out no more than there is, and takes an unknown cost for all that was set aside', () => {
    const purse = new Purse(100n, 20n);
    expect(purse.reserve(60n)).toBe(true);
    expect(purse.reserve(30n)).toBe(false);
    purse.settle(60n, 10n);
    expect(purse.reserve(70n)).toBe(true);
    purse.settle(70n, null);
    expect(purse.spentNanos).toBe(100n);
    expect(purse.reserve(1n)).toBe(false);
  });
});
