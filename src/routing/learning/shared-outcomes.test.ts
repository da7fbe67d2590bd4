import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { archiveJob, asStoredJobs, type Catalog, readJobs, writeJob } from '../../catalog/index.ts';
import { jobSchema } from '../../config/index.ts';
import type { OutcomeFact } from '../../domain/facts/facts.ts';
import { Fault } from '../../domain/faults/fault.ts';
import { shareOutcome } from '../../ledger/outcomes/share-outcome.ts';
import { openTestDatabase, type TestDatabase } from '../../storage/testing/open-test-database.ts';
import { LearningService } from './learning-service.ts';
import { dropOldOutcomes, followOutcomes, type SharedOutcomes } from './shared-outcomes.ts';

const clock = { nowMs: () => 1_000_000, monotonicMs: () => performance.now() };
let opened: TestDatabase;
beforeAll(async () => {
  opened = await openTestDatabase();
}, 120_000);
afterAll(() => opened?.close());

function outcomeOf(requestId: string, value: number): OutcomeFact {
  const about = { job: 'support', model: 'small', outcomeId: `out-${requestId}` };
  return { type: 'outcome', requestId, atMs: 1000, kind: 'score', source: 't', value, ...about };
}

/** What the projection of a gateway does with an outcome of its journal. */
function share(fact: OutcomeFact): Promise<void> {
  return opened.database.db.transaction().execute((trx) => shareOutcome(trx, fact));
}

async function follower(): Promise<{ learning: LearningService; shared: SharedOutcomes }> {
  const learning = new LearningService({ clock });
  const shared = await followOutcomes(opened.database, {
    clock,
    note: (fact) => learning.note(fact),
    replaying: (isReplaying) => learning.replaying(isReplaying),
    failed: (error) => {
      throw error;
    },
  });
  return { learning, shared };
}

describe('outcomes that gateways share', () => {
  it('teach the other gateway, once, and whoever starts later as well', async () => {
    const other = await follower();
    const before = other.learning.state.id;
    await share(outcomeOf('r1', 0));
    await share(outcomeOf('r1', 0));
    await expect.poll(() => other.learning.state.id, { interval: 5 }).not.toBe(before);
    other.learning.note(outcomeOf('r1', 0));
    expect(other.learning.status().outcomes).toBe(1);
    const later = await follower();
    expect(later.learning.state.jobs.get('support')?.quality).toEqual(
      other.learning.state.jobs.get('support')?.quality,
    );
    await Promise.all([other.shared.close(), later.shared.close()]);
  });

  it('are forgotten when they are too old to matter', async () => {
    await dropOldOutcomes(opened.database, 1000 + 91 * 86_400_000);
    const { learning, shared } = await follower();
    expect(learning.status().outcomes).toBe(0);
    await shared.close();
  });
});

describe('jobs of the control API', () => {
  const known = { resolve: () => ({ name: 'small' }), isJobOfFile: (name: string) => name === 'of-file' };
  const catalog = known as unknown as Catalog;
  const settings = jobSchema.parse({ models: ['small'], description: 'Answers questions.' });

  it('are versions: the same settings are the same one, and what is archived is gone', async () => {
    const store = { database: opened.database, clock, catalog };
    const first = await writeJob(store, 'support', settings);
    expect(await writeJob(store, 'support', settings)).toEqual(first);
    const second = await writeJob(store, 'support', { ...settings, critical: true });
    expect([first.version, second.version]).toEqual([1, 2]);
    expect(asStoredJobs(await readJobs(opened.database))).toMatchObject([
      { name: 'support', settings: { critical: true } },
    ]);
    await archiveJob(store, 'support');
    expect(await readJobs(opened.database)).toEqual([]);
    expect((await writeJob(store, 'support', settings)).version).toBe(4);
  });

  it('cannot take the name of one in the configuration file, nor name models that do not exist', async () => {
    const store = { database: opened.database, clock, catalog };
    await expect(writeJob(store, 'of-file', settings)).rejects.toMatchObject({ code: 'conflict' });
    const nothing = { ...known, resolve: () => new Fault('model_unknown') } as unknown as Catalog;
    await expect(writeJob({ ...store, catalog: nothing }, 'new', settings)).rejects.toMatchObject({ param: 'models' });
  });

  it('are refused when they contradict themselves', () => {
    const wrong = [
      { models: [] },
      { models: ['a', 'a'] },
      { models: ['a'], floor: { incumbent: 'b' } },
      { models: ['a'], critical: true, exploration: { maxShare: 0.1 } },
      { models: ['a'], value: { lowUsd: '2', midUsd: '1', highUsd: '3' } },
      { models: ['a'], success: 'score >' },
      { models: ['a'], constraints: { contextTokens: -1 } },
    ];
    for (const one of wrong) expect(jobSchema.safeParse(one).success).toBe(false);
  });
});
