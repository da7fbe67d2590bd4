import { describe, expect, it } from 'vitest';
import { Fault } from '../../domain/faults/fault.ts';
import { createGraders } from '../graders/graders.ts';
import type { Grader } from '../graders/grader.ts';
import { type EvalItem, type EvalSpec, itemDigest } from './eval-spec.ts';
import { type AskedAnswer, type EvalParts, runEval } from './run-eval.ts';

const spec: EvalSpec = { job: 'j', candidates: ['a'], maxNanos: 1_000n, samples: 1, seed: 1, maxTokens: 10 };
const answered = { requestId: 'r', model: 'a', host: 'h', text: 'yes', calls: [], outputTokens: 1, totalMs: 1 };

function items(count: number, expected: EvalItem['expected'] = { exact: 'yes' }): EvalItem[] {
  return Array.from({ length: count }, (_, at) => {
    const asked = { messages: [{ role: 'user', content: `${at}` }], expected };
    return { ...asked, id: `i${at}`, digest: itemDigest(asked) };
  });
}

/** Every call may cost 100 at most; `ask` says what it costs in truth. */
function partsWith(ask: () => AskedAnswer, judge?: EvalParts['judge']): EvalParts & { spent: bigint[]; out: bigint } {
  const parts = {
    spent: new Array<bigint>(),
    out: 0n,
    ask: () => Promise.resolve(ask()),
    ceilingNanos: () => 100n,
    graders: createGraders(),
    judge,
    reserve(nanos: bigint) {
      parts.out += nanos;
      return Promise.resolve();
    },
    giveBack(nanos: bigint) {
      parts.out -= nanos;
      return Promise.resolve();
    },
    keep(_: unknown, __: unknown, spentNanos: bigint) {
      parts.spent.push(spentNanos);
      return Promise.resolve();
    },
    isCancelled: () => false,
  };
  return parts;
}

describe('the money of a run', () => {
  it('counts what a call without an answer cost, and all that it may have cost when nobody knows', async () => {
    const known = partsWith(() => ({ answer: new Fault('upstream_error'), costNanos: 7n }));
    expect((await runEval(spec, { items: items(3), done: new Set(), spentNanos: 0n }, known)).spentNanos).toBe(21n);
    const unknown = partsWith(() => ({ answer: new Fault('upstream_error'), costNanos: null }));
    const end = await runEval(spec, { items: items(12), done: new Set(), spentNanos: 0n }, unknown);
    expect(end).toMatchObject({ state: 'stopped', spentNanos: 1_000n });
    expect(unknown.spent).toHaveLength(10);
  });

  it('keeps with each answer what judging it cost, known or not', async () => {
    const judge = (costNanos: bigint | null): EvalParts['judge'] => {
      const grader: Grader = {
        name: 'judge',
        version: '1',
        refuses: () => undefined,
        grade: () => ({ score: 1, verdict: 'pass', reasons: [], costNanos }),
      };
      return { grader, model: 'judge' };
    };
    const expected = { exact: 'yes', judge: {} };
    const ask = (): AskedAnswer => ({ answer: { ...answered, costNanos: 5n }, costNanos: 5n });
    const start = { items: items(1, expected), done: new Set<string>(), spentNanos: 0n };
    const known = partsWith(ask, judge(30n));
    await runEval(spec, start, known);
    expect(known.spent).toEqual([35n]);
    const unknown = partsWith(ask, judge(null));
    await runEval(spec, start, unknown);
    expect(unknown.spent).toEqual([205n]);
  });

  it('is set aside before a call and given back after it, and begins with what was spent before', async () => {
    const parts = partsWith(() => ({ answer: { ...answered, costNanos: 5n }, costNanos: 5n }));
    const end = await runEval(spec, { items: items(4), done: new Set(), spentNanos: 880n }, parts);
    expect(parts.out).toBe(0n);
    expect(end).toMatchObject({ state: 'completed', spentNanos: 900n });
    const late = await runEval(spec, { items: items(1), done: new Set(), spentNanos: 901n }, parts);
    expect(late).toMatchObject({ state: 'stopped', spentNanos: 901n });
  });
});
