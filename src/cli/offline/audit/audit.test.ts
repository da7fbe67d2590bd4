import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { createTestTerminal, type TestTerminal } from '../../../../test/cli/test-terminal.ts';
import { openJournal } from '../../../journal/index.ts';
import { systemClock } from '../../../platform/clock.ts';
import { jsonLines, litellmRow, openrouterCsv } from '../../../reports/audit/testing/log-writers.ts';
import { demoCalls } from '../../../reports/audit/testing/demo-log.ts';
import { main } from '../../index.ts';

const folder = mkdtempSync(join(tmpdir(), 'switchyard-audit-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const calls = demoCalls(400);
const log = join(folder, 'spend.jsonl');
writeFileSync(log, jsonLines(calls.map(litellmRow)));

async function run(
  words: readonly string[],
  screen?: { columns: number; rows: number },
): Promise<[number, TestTerminal]> {
  const terminal = createTestTerminal({}, screen);
  return [await main(['audit', ...words], terminal), terminal];
}

describe('switchyard audit', () => {
  it('sums up a log at the shipped prices, within a hundred columns and without colours in a pipe', async () => {
    const [code, terminal] = await run([log]);
    expect(code).toBe(0);
    const text = terminal.raw();
    expect(text).toBe(stripVTControlCharacters(text));
    expect(text).toMatch(/^\$[0-9.,]+ {2}for 400 calls, 2026-03-01 to 2026-03-31 UTC/);
    expect(text).toMatch(/By model .*calls .*cost/);
    expect(text).toMatch(/UNPROVEN/);
    const lines = text.split('\n').filter((line) => !line.includes('prove it:'));
    expect(lines.filter((line) => line.length > 100)).toEqual([]);
  });

  it('shows colours on a terminal, and no control character of a log', async () => {
    const hostile = join(folder, 'hostile.jsonl');
    writeFileSync(hostile, jsonLines(calls.slice(0, 3).map((call) => litellmRow({ ...call, user: '\u001b[2Jwiped' }))));
    const [, terminal] = await run([hostile], { columns: 80, rows: 24 });
    expect(terminal.raw()).toContain('\u001b[1m');
    expect(terminal.raw()).not.toContain('\u001b[2J');
    expect(terminal.stdout()).toContain('·[2Jwiped');
  });

  it('answers JSON with amounts as text, several files in one report', async () => {
    const more = join(folder, 'activity.csv');
    writeFileSync(more, openrouterCsv(calls.slice(0, 10)));
    const [code, terminal] = await run([log, more, '--json']);
    expect(code).toBe(0);
    const report = JSON.parse(terminal.stdout()) as Record<string, unknown>;
    expect(report).toMatchObject({
      total: { calls: 400, duplicates: 10, costNanos: expect.stringMatching(/^[0-9]+$/) },
    });
    expect(Object.keys(report)).toEqual(
      expect.arrayContaining(['stated', 'byModel', 'byJob', 'byUser', 'byDay', 'waste']),
    );
    const numbers = Object.entries(flatten(report)).filter(
      ([name, value]) => name.endsWith('Nanos') && typeof value === 'number',
    );
    expect(numbers).toEqual([]);
  });

  it("puts one's own prices before the shipped ones, to the nano", async () => {
    const prices = join(folder, 'prices.yaml');
    const lines = ['openai/gpt-4o', 'openai/gpt-4o-mini'].map((name) => {
      const [host, model] = name.split('/');
      return `  - { host: ${host}, model: ${model}, price: { input: 0.0000001, output: 7, cacheRead: 0 } }`;
    });
    writeFileSync(prices, `prices:\n${lines.join('\n')}\n`);
    const two = join(folder, 'two.jsonl');
    const some = calls.filter(({ host, model }) => host === 'openai' && model !== 'in-house-v2');
    writeFileSync(two, jsonLines(some.map(litellmRow)));
    const [, terminal] = await run([two, '--prices', prices, '--json']);
    // A ten-millionth of a dollar per million is a tenth of a pico: snapped to zero, so that output alone costs.
    const output = some.reduce((sum, call) => sum + BigInt(call.output), 0n);
    expect(JSON.parse(terminal.stdout())).toMatchObject({
      total: { costNanos: String(output * 7000n), isComplete: true },
    });
  });

  it('writes one page that holds everything it needs', async () => {
    const page = join(folder, 'report.html');
    const [code, terminal] = await run([log, '--html', page]);
    expect(code).toBe(0);
    expect(terminal.stdout()).toContain(`${page} written`);
    const html = readFileSync(page, 'utf8');
    expect(html).toMatch(/^<!doctype html>/);
    expect(html.match(/(?:src|href|url)\s*=\s*["']?(?!#)[a-z]+:/gi)).toBeNull();
    expect(html).not.toContain('<b>"x"');
  });

  it('reads a journal by its data folder, its own folder, or one of its files', async () => {
    const data = join(folder, 'data');
    const directory = join(data, 'journal');
    mkdirSync(directory, { recursive: true });
    const gatewayId = 'gateway-1';
    const settings = { directory, gatewayId, durability: 'durable' as const, clock: systemClock, log: () => undefined };
    const journal = await openJournal(settings);
    const who = { requestId: 'r1', key: 'k', customer: 'default', model: 'gpt-4o-mini' };
    const startedAtMs = Date.UTC(2026, 5, 1);
    await journal.commit(
      {
        ...who,
        type: 'open',
        atMs: startedAtMs,
        dialect: 'openai-chat',
        operation: 'generate',
        stream: false,
        inputEstimateTokens: 1,
      },
      {
        type: 'attempt',
        requestId: 'r1',
        attempt: 1,
        host: 'openai',
        upstreamModel: 'gpt-4o-mini',
        dialect: 'openai-chat',
        startedAtMs,
        totalMs: 5,
        usage: { input: 1000, output: 1000 },
        usageSource: 'provider',
        costNanos: '750000',
        flags: [],
      },
      {
        ...who,
        type: 'final',
        atMs: startedAtMs + 5,
        status: 'completed',
        httpStatus: 200,
        attempts: 1,
        costNanos: '750000',
        cache: 'miss',
        totalMs: 5,
      },
    );
    await journal.close();
    const segment = join(directory, gatewayId, 'facts-0000000001.log');
    for (const path of [data, directory, segment]) {
      const [code, terminal] = await run([path, '--json']);
      expect([path, code, terminal.stderr()]).toEqual([path, 0, '']);
      expect(JSON.parse(terminal.stdout())).toMatchObject({ total: { calls: 1, costNanos: '750000' } });
    }
  });

  it.each([
    [['/no/such/file'], 1, /there is no \/no\/such\/file/],
    [[], 2, /FILE/],
    [[log, '--prices', log], 1, /prices/],
    [[folder + '/nothing-here'], 1, /there is no/],
  ])('refuses %j in one sentence', async (words, exitCode, message) => {
    const [code, terminal] = await run(words);
    expect(terminal.stderr()).toMatch(message);
    expect(code).toBe(exitCode);
  });
});

function flatten(value: unknown, into: Record<string, unknown> = {}): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return into;
  for (const [name, field] of Object.entries(value)) {
    if (typeof field !== 'object' && typeof into[name] !== 'number') into[name] = field;
    flatten(field, into);
  }
  return into;
}
