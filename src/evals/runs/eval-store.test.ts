import { describe, expect, it } from 'vitest';
import { sharedTestDatabase } from '../../storage/testing/shared-test-database.ts';
import { reportOf } from './eval-report.ts';
import type { EvalResult } from './eval-spec.ts';
import { claimRun, findRun, finishRun, insertResult, insertRun, readResults, reserveMoney } from './eval-store.ts';

const database = sharedTestDatabase();
const spec = { job: 'j', candidates: ['a'], maxNanos: 1_000n, samples: 1, seed: 1, maxTokens: 10 };
const result: EvalResult = {
  itemId: 'i1',
  candidate: 'a',
  sample: 0,
  requestId: 'r',
  model: 'a',
  host: 'h',
  score: 1,
  verdict: 'pass',
  reasons: [],
  answer: 'yes',
  costNanos: null,
  outputTokens: 1,
  totalMs: 1,
};

const one = { id: 'evr_1', by: 'one' };
const two = { id: 'evr_1', by: 'two' };

describe('a run in the database', () => {
  it('knows after a crash what was spent, judges and unknown costs included, and counts what was out', async () => {
    await insertRun(database(), { id: 'evr_1', spec, graders: '', createdAtMs: 1 }, []);
    const first = await claimRun(database(), { by: 'one', nowMs: 1, untilMs: 10 });
    expect(first?.spentNanos).toBe(0n);
    await reserveMoney(database(), one, 300n);
    await insertResult(database(), one, { result, spentNanos: 120n, atMs: 2 });
    await insertResult(database(), one, { result, spentNanos: 120n, atMs: 3 });
    await reserveMoney(database(), one, -100n);
    expect((await findRun(database(), 'evr_1'))?.spentNanos).toBe(120n);
    const again = await claimRun(database(), { by: 'two', nowMs: 11, untilMs: 20 });
    expect(again?.spentNanos).toBe(320n);
    expect(await readResults(database(), 'evr_1')).toHaveLength(1);
    expect((await claimRun(database(), { by: 'three', nowMs: 21, untilMs: 30 }))?.spentNanos).toBe(320n);
  });

  it('is changed no more by a worker that lost it, and never says that less was spent', async () => {
    await insertRun(database(), { id: 'evr_1', spec, graders: '', createdAtMs: 1 }, []);
    await claimRun(database(), { by: 'one', nowMs: 1, untilMs: 10 });
    await claimRun(database(), { by: 'two', nowMs: 11, untilMs: 20 });
    await reserveMoney(database(), one, 300n);
    await insertResult(database(), one, { result, spentNanos: 120n, atMs: 12 });
    const end = { state: 'completed', detail: null, report: reportOf(['a'], []), atMs: 12 } as const;
    await finishRun(database(), { ...one, ...end, spentNanos: 1n });
    expect(await findRun(database(), 'evr_1')).toMatchObject({ state: 'running', spentNanos: 0n });
    await insertResult(database(), two, { result, spentNanos: 120n, atMs: 13 });
    await finishRun(database(), { ...two, ...end, spentNanos: 1n });
    expect(await findRun(database(), 'evr_1')).toMatchObject({ state: 'completed', spentNanos: 120n });
  });
});
