import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestTerminal, type TestTerminal } from '../../../../test/cli/test-terminal.ts';
import { JobCopy } from '../../../catalog/index.ts';
import { jobSchema } from '../../../config/index.ts';
import { systemClock } from '../../../platform/clock.ts';
import { main } from '../../index.ts';
import { routedFacts, writeJournal } from '../testing/routed-journal.ts';

const folder = mkdtempSync(join(tmpdir(), 'switchyard-roi-'));
const config = join(folder, 'switchyard.yaml');

beforeAll(async () => {
  writeFileSync(config, '{}\n');
  const facts = routedFacts({ count: 900, endMs: systemClock.nowMs(), explored: 0.4, told: 0.8 });
  await writeJournal(join(folder, 'data', 'journal'), facts);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(...words: string[]): Promise<[number, TestTerminal]> {
  const terminal = createTestTerminal({});
  return [await main(['roi', ...words, '--config', config, '--data', join(folder, 'data')], terminal), terminal];
}

describe('switchyard roi', () => {
  it('tells the cost per success with its interval, what is unknown, and an unproven saving struck through', async () => {
    const page = join(folder, 'roi.html');
    const [code, terminal] = await run('--job', 'support', '--baseline', 'strong', '--html', page);
    expect([code, terminal.stderr()]).toEqual([0, '']);
    const text = terminal.stdout();
    expect(text).toMatch(/[0-9]+ successes, [0-9]+ failures, [0-9]+ unknown \([0-9.]+ %\)/);
    expect(text).toMatch(/cost per success \$0\.0[0-9]+ \(\$0\.0[0-9]+ to \$0\.0[0-9]+\), by 20 users/);
    expect(text).toMatch(/estimated saving ~~\$[0-9.]+ \([0-9.]+ %\)~~/);
    expect(text).toContain('quality parity is not proven');
    expect(readFileSync(page, 'utf8')).toContain('Saving against always strong');
  });

  it('answers JSON with amounts as text', async () => {
    const [code, terminal] = await run('--job', 'support', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(terminal.stdout())).toMatchObject({
      job: 'support',
      requests: 900,
      cost: { totalNanos: expect.stringMatching(/^[0-9]+$/) },
    });
  });

  it('knows the rules of jobs that the control API made, from the copy in the data folder', async () => {
    const settings = jobSchema.parse({ models: ['strong'], success: 'score > 2' });
    await new JobCopy(join(folder, 'data')).write([{ name: 'support', settings }]);
    const [code, terminal] = await run('--job', 'support');
    await new JobCopy(join(folder, 'data')).write([]);
    expect([code, terminal.stdout()]).toEqual([0, expect.stringMatching(/^0 successes|[^0-9]0 successes/m)]);
  });

  it('tells a job and a baseline that the log does not know', async () => {
    const [code, terminal] = await run('--job', 'other');
    expect([code, terminal.stderr()]).toEqual([1, expect.stringContaining('no request of job other')]);
    const [second, complaint] = await run('--job', 'support', '--baseline', 'nobody');
    expect([second, complaint.stderr()]).toEqual([1, expect.stringContaining('nobody was no candidate')]);
  });
});
