import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestTerminal, type TestTerminal } from '../../../../test/cli/test-terminal.ts';
import { systemClock } from '../../../platform/clock.ts';
import { main } from '../../index.ts';
import { routedFacts, writeJournal } from '../testing/routed-journal.ts';

const folder = mkdtempSync(join(tmpdir(), 'switchyard-datasets-'));
const data = join(folder, 'data');

beforeAll(async () => {
  const facts = routedFacts({ count: 60, endMs: systemClock.nowMs(), explored: 0.4, told: 0.8 });
  await writeJournal(join(data, 'journal'), facts);
  const ids = facts.flatMap((fact) => (fact.type === 'final' ? [fact.requestId] : []));
  const lines = ids.map((requestId) =>
    JSON.stringify({ requestId, messages: [{ role: 'user', content: `ask ${requestId}` }], answer: 'so it is' }),
  );
  mkdirSync(join(data, 'samples'));
  writeFileSync(join(data, 'samples', 'support.ndjson'), `${lines.join('\n')}\n{"requestId": "cut`);
  writeFileSync(join(folder, 'switchyard.yaml'), '{}\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(...words: string[]): Promise<[number, TestTerminal]> {
  const terminal = createTestTerminal({});
  const fixed = ['--config', join(folder, 'switchyard.yaml'), '--data', data];
  return [await main(['datasets', 'export', ...words, ...fixed], terminal), terminal];
}

describe('switchyard datasets export', () => {
  it('writes successes of models with a stated licence, and says how many it left out and why', async () => {
    const [code, terminal] = await run('--job', 'support', '--format', 'sft', '--licence', 'cheap=Apache-2.0');
    expect(code).toBe(0);
    const rows = terminal
      .stdout()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { model: string; licence: string; split: string });
    expect(rows.length).toBeGreaterThan(3);
    for (const row of rows) expect(row).toMatchObject({ model: 'cheap', licence: 'Apache-2.0' });
    expect(terminal.stderr()).toMatch(/rows from 60 kept requests; left out: .*unknown outcome.*no licence/);
  });

  it('refuses a format that it does not know, answers without a stated licence, and jobs that kept nothing', async () => {
    expect((await run('--job', 'support', '--format', 'csv', '--licence', 'a=b'))[0]).toBe(2);
    expect((await run('--job', 'support', '--format', 'sft'))[0]).toBe(2);
    const [code, terminal] = await run('--job', 'other', '--format', 'sft', '--licence', 'a=b');
    expect(code).toBe(1);
    expect(terminal.stderr()).toContain('no request of job other was kept');
  });
});
