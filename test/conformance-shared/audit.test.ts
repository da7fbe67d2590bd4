import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { main } from '../../src/cli/index.ts';
import { openJournal } from '../../src/journal/index.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { exactTotalNanos, type TextPrice } from '../../src/reports/audit/testing/exact-total.ts';
import {
  jsonLines,
  langfuseRow,
  litellmRow,
  objectsAsCsv,
  openaiCsv,
  openaiPages,
  openrouterCsv,
  type SyntheticCall,
} from '../../src/reports/audit/testing/log-writers.ts';
import { createTestTerminal } from '../cli/test-terminal.ts';

const shared = process.env['SWITCHYARD_SHARED'] ?? fileURLToPath(new URL('../../../shared', import.meta.url));
const value = (path: string): string => {
  const bytes = readFileSync(join(shared, 'data/value', path));
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
};

/** The recorded traces, moved to the hour in which a recorded price moved. */
const moveMs = Date.parse('2026-04-30T14:37:16-05:00');
const shiftMs = moveMs - Date.parse('2023-11-16T18:45:00Z');

function traceCalls(): SyntheticCall[] {
  return ['azure2023_conv', 'azure2023_code'].flatMap((trace) =>
    value(`traces/${trace}.csv.gz`)
      .trim()
      .split('\n')
      .slice(1)
      .map((line, index): SyntheticCall => {
        const [at = '', input = '0', output = '0'] = line.split(',');
        const atMs = Date.parse(`${at.slice(0, 19).replace(' ', 'T')}Z`) + shiftMs;
        const spare = { cacheRead: 0, cacheWrite: 0, reasoning: 0, user: `user-${index % 97}`, job: trace };
        const size = { input: Number(input), output: Number(output) };
        return { ...spare, ...size, id: `${trace}-${index}`, atMs, host: 'openai', model: modelOf(index), stated: '0' };
      }),
  );
}

/** Every price of these models through the recorded history, which the calls of the trace are spread over. */
const modelNames = ['gpt-4.1', 'gpt-4o-mini', 'mistral-medium-latest'];
const modelOf = (index: number): string => modelNames[index % modelNames.length] ?? '';

function recordedPrices(): Map<string, TextPrice[]> {
  const prices = new Map<string, TextPrice[]>();
  const lines = value('prices/modelsdev_price_changes.csv.gz').trim().split('\n');
  const header = (lines[0] ?? '').split(',');
  const at = (name: string): number => header.indexOf(name);
  for (const line of lines.slice(1)) {
    const cells = line.split(',');
    const [provider = '', model = '', event] = [cells[at('provider')], cells[at('model')], cells[at('event')]];
    if (!['openai', 'mistral'].includes(provider) || !modelNames.includes(model) || event === 'remove') continue;
    const [input, output] = [cells[at('input_new')], cells[at('output_new')]];
    if (!input || !output) continue;
    const fromMs = Date.parse(cells[at('date')] ?? '');
    const cacheRead = cells[at('cache_read_new')];
    const known = prices.get(model) ?? [];
    known.push({ fromMs, input, output, ...(cacheRead ? { cacheRead } : {}) });
    prices.set(model, known);
  }
  return prices;
}

describe('an audit of the recorded traces at the recorded prices', () => {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-audit-shared-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const calls = traceCalls();
  const prices = recordedPrices();
  /** The smaller trace is enough for all but one file. */
  const coding = calls.filter(({ job }) => job === 'azure2023_code');
  const totalOf = (of: readonly SyntheticCall[]): object => ({
    costNanos: exactTotalNanos(of, ({ model }) => prices.get(model) ?? []).toString(),
    calls: of.length,
    unpricedCalls: 0,
    isComplete: true,
  });

  async function audit(name: string, content: string | Buffer | undefined, host = 'openai'): Promise<unknown> {
    const file = join(folder, name);
    if (content !== undefined) writeFileSync(file, content);
    const priceFile = join(folder, `${host}-prices.json`);
    const entries = [...prices].flatMap(([model, versions]) =>
      versions.map(({ fromMs, input, output, cacheRead }) => {
        const price = { input, output, ...(cacheRead !== undefined && { cacheRead }) };
        return { host, model, from: new Date(fromMs).toISOString(), price };
      }),
    );
    writeFileSync(priceFile, JSON.stringify({ prices: entries }));
    const terminal = createTestTerminal({});
    expect([await main(['audit', file, '--prices', priceFile, '--json'], terminal), terminal.stderr()]).toEqual([
      0,
      '',
    ]);
    return JSON.parse(terminal.stdout());
  }

  it('of spend.jsonl is the exact total, to the nano, on both sides of a recorded move', async () => {
    expect(calls.length).toBe(28_185);
    expect(await audit('spend.jsonl', jsonLines(calls.map(litellmRow)))).toMatchObject({
      total: totalOf(calls),
      priceMoves: [{ model: 'openai/mistral-medium-latest', at: new Date(moveMs).toISOString() }],
    });
  });

  it.each([
    ['spend.json', (): string => JSON.stringify(coding.map(litellmRow))],
    ['spend.csv.gz', (): Buffer => gzipSync(objectsAsCsv(coding.map(litellmRow)))],
    ['usage.json', (): string => openaiPages(coding)],
    ['usage.csv', (): string => openaiCsv(coding)],
    ['langfuse.jsonl', (): string => jsonLines(named(coding).map(langfuseRow))],
    ['langfuse.csv', (): string => objectsAsCsv(named(coding).map(langfuseRow))],
  ])('of %s is the exact total, to the nano', async (name, write) => {
    expect(await audit(name, write())).toMatchObject({ total: totalOf(coding) });
  });

  it('of an OpenRouter activity file is the exact total, to the nano', async () => {
    expect(await audit('activity.csv', openrouterCsv(coding), 'openrouter')).toMatchObject({ total: totalOf(coding) });
  });

  it('of our own journal is the exact total, to the nano', async () => {
    const directory = join(folder, 'journal');
    const settings = { directory, gatewayId: 'gw', durability: 'relaxed' as const, clock: systemClock };
    const journal = await openJournal({ ...settings, log: () => undefined });
    for (const call of coding) {
      const common = { requestId: call.id, dialect: 'openai-chat' as const };
      await journal.commit({
        ...common,
        type: 'attempt',
        attempt: 1,
        host: call.host,
        upstreamModel: call.model,
        startedAtMs: call.atMs,
        totalMs: 1,
        usage: { input: call.input, output: call.output },
        usageSource: 'provider',
        costNanos: '0',
        flags: [],
      });
    }
    await journal.close();
    expect(await audit('journal', undefined)).toMatchObject({ total: totalOf(coding) });
  });
});

/** The log of a tracing tool names the host in the model, or not at all. */
function named(calls: readonly SyntheticCall[]): SyntheticCall[] {
  return calls.map((call) => ({ ...call, model: `${call.host}/${call.model}` }));
}
