import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Catalog } from '../../catalog/index.ts';
import { routedFacts, writeJournal } from '../../cli/offline/testing/routed-journal.ts';
import type { Fact } from '../../domain/facts/facts.ts';
import { readSuccessRule, type SuccessRule } from '../../domain/outcomes/success-rule.ts';
import { measureInThread } from './measure-from-disk.ts';
import { measureReturns } from './measure-returns.ts';
import { type ReturnsDeps, ReturnsDesk } from './returns-desk.ts';
import type { ReturnsQuestion } from './returns-question.ts';

const endMs = 1_800_000_000_000;
const facts = routedFacts({ count: 600, endMs, explored: 0.4, told: 0.7 });
const folder = mkdtempSync(join(tmpdir(), 'switchyard-returns-'));
const settings = { floor: { incumbent: 'strong', margin: 0.05 } };
const job = { job: 'support', settings };
const catalog = {
  job: (name: string) => (name === 'support' ? job : undefined),
  jobs: () => [job],
} as unknown as Catalog;

let nowMs = 0;
const troubles: unknown[] = [];
function deskOf(measure?: ReturnsDeps['measure']): ReturnsDesk {
  return new ReturnsDesk({
    clock: { nowMs: () => endMs, monotonicMs: () => nowMs },
    journalDirectory: folder,
    currentCatalog: () => catalog,
    ruleOf: () => readSuccessRule('pass.value >= 1') as SuccessRule,
    troubled: (error) => troubles.push(error),
    ...(measure && { measure }),
  });
}

async function* read(): AsyncGenerator<{ readonly fact: Fact }> {
  for (const fact of facts) yield { fact };
}
const inPlace = (question: ReturnsQuestion) => measureReturns(read(), question);

beforeAll(() => writeJournal(folder, facts));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the return of jobs', () => {
  it('is measured from the journal on disk, in a thread as well as here', async () => {
    const [there, here] = [deskOf(), deskOf(inPlace)];
    const question = here.questionOf('support');
    if (!question) throw new Error('there is such a job');
    const asked = { ...here.span(), jobs: [question], rows: { outcome: 'failure' as const, from: 0, limit: 5 } };
    const [found, expected] = [await there.ask(asked), await here.ask(asked)];
    expect(found).toEqual(expected);
    expect(await measureInThread(folder, { ...asked, mostExchanges: 100_000 })).toEqual(expected);
    expect(found.jobs[0]?.report).toMatchObject({ requests: 600, saving: { parity: { baseline: 'strong' } } });
    expect(found.rows).toHaveLength(5);
  });

  it('is measured anew only when the last figures are old, and again after a failure', async () => {
    let asked = 0;
    const desk = deskOf((question) => {
      asked++;
      return asked === 2 ? Promise.reject(new Error('no journal')) : inPlace(question);
    });
    expect((await desk.latest())?.jobs[0]?.report.requests).toBe(600);
    nowMs += 10_000;
    await desk.latest();
    expect(asked).toBe(1);
    nowMs += 30_000;
    // What is known is shown at once while it is measured again.
    expect(await desk.latest()).toBeDefined();
    await expect.poll(() => troubles.length).toBe(1);
    await expect.poll(async () => (await desk.latest()) && asked).toBe(3);
  });

  it('is told request by request, newest first, by what was told of them', async () => {
    const desk = deskOf(inPlace);
    const question = desk.questionOf('support');
    if (!question) throw new Error('there is such a job');
    const rowsOf = async (outcome: 'all' | 'told' | 'success' | 'failure' | 'unknown', from = 0) =>
      desk.ask({ ...desk.span(), jobs: [question], rows: { outcome, from, limit: 1_000 } });
    const { rows: all, jobs } = await rowsOf('all');
    const report = jobs[0]?.report;
    expect(all.map(({ atMs }) => atMs)).toEqual(all.map(({ atMs }) => atMs).toSorted((left, right) => right - left));
    for (const [outcome, count] of [
      ['unknown', report?.unknown],
      ['success', report?.successes],
      ['failure', report?.failures],
      ['told', (report?.successes ?? 0) + (report?.failures ?? 0)],
    ] as const) {
      expect((await rowsOf(outcome)).rows).toHaveLength(count ?? -1);
    }
    expect((await rowsOf('all', 590)).rows).toHaveLength(10);
    const sum = all.reduce((total, { steps }) => total + (steps?.baselineNanos ?? 0), 0);
    expect(Number(report?.saving?.baselineNanos)).toBeCloseTo(sum, -1);
  });
});
