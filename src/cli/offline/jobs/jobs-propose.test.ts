import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestTerminal, type TestTerminal } from '../../../../test/cli/test-terminal.ts';
import type { Fact } from '../../../domain/facts/facts.ts';
import { systemClock } from '../../../platform/clock.ts';
import { encodeFeatures, FeatureReader } from '../../../routing/index.ts';
import { main } from '../../index.ts';
import { routedFacts, writeJournal } from '../testing/routed-journal.ts';

const folder = mkdtempSync(join(tmpdir(), 'switchyard-propose-'));

beforeAll(async () => {
  const reader = new FeatureReader();
  const features = (at: number): string =>
    encodeFeatures(reader.read(`Where is my parcel ${at * 7}? It was ordered ${at % 9} days ago and never arrived.`));
  const facts = routedFacts({ count: 60, endMs: systemClock.nowMs(), explored: 0.5 });
  let at = 0;
  const unlabelled = facts.map((fact): Fact => {
    const { job: _, ...rest } = { job: undefined, ...fact };
    if (rest.type !== 'decision' || rest.routing === undefined) return rest as Fact;
    return { ...rest, routing: { ...rest.routing, found: 'unknown', features: features(at++) } } as Fact;
  });
  await writeJournal(join(folder, 'open', 'journal'), unlabelled);
  await writeJournal(join(folder, 'named', 'journal'), facts);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(data: string, ...words: string[]): Promise<[number, TestTerminal]> {
  const terminal = createTestTerminal({});
  return [await main(['jobs', 'propose', '--data', join(folder, data), ...words], terminal), terminal];
}

describe('switchyard jobs propose', () => {
  it('shows a group with its cost, its success and requests to look at, and a draft of its settings', async () => {
    const [code, terminal] = await run('open');
    expect([code, terminal.stderr()]).toEqual([0, '']);
    const text = terminal.stdout();
    expect(text).toContain('60 requests without a job since 7d');
    expect(text).toMatch(/1 +60 +\$0\.\d+ +\d+ of 60 +0\.\d+ +\w+ \d+, \w+ \d+ +request-\d+/);
    expect(text).toMatch(/jobs:\n {2}job-1:\n {4}description: .*\n {4}models: \["(cheap|strong)", "(cheap|strong)"\]/);
  });

  it('answers JSON with amounts as text, and proposes nothing of few or of requests that have a job', async () => {
    const [, json] = await run('open', '--json');
    expect(JSON.parse(json.stdout())).toMatchObject({
      requests: 60,
      proposed: [{ requests: 60, costNanos: expect.stringMatching(/^\d+$/) }],
    });
    expect((await run('open', '--least', '100'))[1].stdout()).toContain('nothing is proposed');
    expect((await run('named'))[1].stdout()).toMatch(/^0 requests without a job/);
    expect((await run('open', '--least', 'many'))[0]).toBe(2);
  });
});
