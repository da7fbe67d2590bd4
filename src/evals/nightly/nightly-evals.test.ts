import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../platform/logger.ts';
import { sharedTestDatabase } from '../../storage/testing/shared-test-database.ts';
import { type EvalItem, itemDigest } from '../runs/eval-spec.ts';
import { insertRun, listRuns } from '../runs/eval-store.ts';
import { NightlyEvals, type NightlyParts } from './nightly-evals.ts';

const database = sharedTestDatabase();
const dayMs = 86_400_000;

function items(count: number): EvalItem[] {
  return Array.from({ length: count }, (_, at) => {
    const asked = { messages: [{ role: 'user', content: `${at}` }], expected: { exact: 'yes' } };
    return { ...asked, id: `i${at}`, digest: itemDigest(asked) };
  });
}

function nightly(clock: { atMs: number }, change: Partial<NightlyParts> = {}): NightlyEvals {
  let made = 0;
  return new NightlyEvals({
    clock: { nowMs: () => clock.atMs, monotonicMs: () => 0 },
    logger: silentLogger,
    database,
    jobs: () => [{ job: 'reply', models: ['a', 'b'], maxShare: 0.01 }],
    items: () => Promise.resolve(items(30)),
    spentNanos: () => Promise.resolve(5_000_000n),
    async create(open, spec, asked) {
      const run = { id: `evr_${clock.atMs}_${made++}`, spec, graders: '', createdAtMs: clock.atMs };
      await insertRun(open, run, asked);
      const nothing = { detail: null, report: null, finishedAtMs: null, spentNanos: 0n };
      return { ...run, ...nothing, job: spec.job, state: 'queued', itemCount: asked.length, maxNanos: spec.maxNanos };
    },
    ...change,
  });
}

async function runsOf(): Promise<readonly { maxNanos: bigint; itemCount: number }[]> {
  return listRuns(database(), { job: 'reply', limit: 10 });
}

describe('nightly evaluations', () => {
  it('are begun once a night, within their share of what the job cost, over restarts', async () => {
    const clock = { atMs: 100 * dayMs + 3 * 3_600_000 };
    await nightly(clock).turn();
    await nightly(clock).turn();
    expect(await runsOf()).toMatchObject([{ maxNanos: 50_000n, itemCount: 30 }]);
    clock.atMs += 22 * 3_600_000;
    await nightly(clock).turn();
    expect(await runsOf()).toHaveLength(1);
    clock.atMs += 2 * 3_600_000;
    await nightly(clock).turn();
    expect(await runsOf()).toHaveLength(2);
  });

  it('need items, spend and a job that asks for them', async () => {
    const clock = { atMs: 100 * dayMs };
    await nightly(clock, { items: () => Promise.resolve(items(9)) }).turn();
    await nightly(clock, { spentNanos: () => Promise.resolve(99n) }).turn();
    await nightly(clock, { jobs: () => [{ job: 'reply', models: ['a', 'b'], maxShare: 0 }] }).turn();
    expect(await runsOf()).toEqual([]);
  });
});
