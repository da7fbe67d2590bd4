import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestTerminal, type TestTerminal } from '../../../../test/cli/test-terminal.ts';
import { systemClock } from '../../../platform/clock.ts';
import { main } from '../../index.ts';
import { routedFacts, writeJournal } from '../testing/routed-journal.ts';

const folder = mkdtempSync(join(tmpdir(), 'switchyard-whatif-'));
const config = join(folder, 'switchyard.yaml');

beforeAll(async () => {
  writeFileSync(config, '{}\n');
  const facts = routedFacts({ count: 400, endMs: systemClock.nowMs(), explored: 0.3 });
  await writeJournal(join(folder, 'data', 'journal'), facts);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(...words: string[]): Promise<[number, TestTerminal]> {
  const terminal = createTestTerminal({});
  return [await main(['whatif', ...words, '--config', config, '--data', join(folder, 'data')], terminal), terminal];
}

describe('switchyard whatif', () => {
  it('price: cost, margin of customers, exposure and concentration, frozen and decided again', async () => {
    const [code, terminal] = await run('price', 'strong', '3.75');
    expect([code, terminal.stderr()]).toEqual([0, '']);
    const text = terminal.stdout();
    expect(text).toMatch(/If the price of strong times 3\.75: 400 requests, \$[0-9.]+/);
    expect(text).toMatch(/as it was .*\+\$[0-9.]+ +\+[0-9.]+ %/);
    expect(text).toMatch(/decided again/);
    expect(text).toMatch(/customer-[0-9]+ +\$[0-9.]+ +-\$[0-9.]+/);
    expect(text).toMatch(/exposure [01]\.[0-9]+ of 1/);
    expect(text).toMatch(/hosts: concentration [0-9]+ of 10,000/);
  });

  it('lose: says what nobody could answer', async () => {
    const [code, terminal] = await run('lose', 'alpha', '--room', '0.6', '--json');
    expect(code).toBe(0);
    const report = JSON.parse(terminal.stdout()) as { frozen: { unserved: number }; redecided: { moved: number } };
    expect(report.frozen.unserved).toBeGreaterThan(200);
    expect(report.redecided.moved).toBe(0);
  });

  it('tells what the log knows when a name is not in it, and what a ratio is', async () => {
    const [code, terminal] = await run('price', 'nobody', '2');
    expect(code).toBe(1);
    expect(terminal.stderr()).toContain('the log never used nobody; it used strong, cheap, alpha, beta');
    expect((await run('price', 'strong', '-2'))[0]).toBe(2);
    expect((await run('lose', 'alpha', '--room', '7'))[0]).toBe(2);
  });
});
