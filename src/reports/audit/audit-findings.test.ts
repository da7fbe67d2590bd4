import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { auditLogs } from './audit-logs.ts';
import type { AuditReport } from './audit-report.ts';
import { jsonLines, litellmRow, openaiResult, type SyntheticCall } from './testing/log-writers.ts';
import { startMs, syntheticPrices, textPrices } from './testing/synthetic-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'switchyard-findings-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

async function audit(rows: readonly object[], prices: typeof textPrices = textPrices): Promise<AuditReport> {
  const file = join(folder, `log-${files++}.jsonl`);
  writeFileSync(file, jsonLines(rows));
  return auditLogs({ files: [file], prices: syntheticPrices(prices), priceSource: 'test' });
}

let ids = 0;
function call(fields: Partial<SyntheticCall>): SyntheticCall {
  return {
    id: `call-${ids++}`,
    atMs: startMs,
    host: 'openai',
    model: 'gpt-4o',
    input: 1000,
    cacheRead: 0,
    cacheWrite: 0,
    output: 100,
    reasoning: 0,
    user: 'u',
    job: 'j',
    ...fields,
  };
}

describe('an audit', () => {
  it('[money 26] lists calls without a known price and never takes them for free', async () => {
    const report = await audit([call({}), call({ model: 'nobody-knows', stated: '0.5' })].map(litellmRow));
    expect(report.total).toMatchObject({ costNanos: 3_500_000n, unpricedCalls: 1, isComplete: false });
    expect(report.unknownPrices).toMatchObject([
      { model: 'openai/nobody-knows', calls: 1, inputUnits: 1000, outputUnits: 100, statedNanos: 500_000_000n },
    ]);
  });

  it('[money 24] bills the whole when its parts are more than it, and says so', async () => {
    const report = await audit([litellmRow(call({ input: 100, cacheRead: 150, output: 0 }))]);
    expect(report.total.costNanos).toBe(250_000n);
    expect(report.assumptions.map(({ text }) => text).join()).toMatch(/more than its whole/);
  });

  it('tells what a change of price cost from its day on', async () => {
    const change = textPrices['openai/gpt-4o']?.[1]?.fromMs ?? 0;
    const report = await audit(
      [call({ atMs: change - 1000 }), call({ atMs: change }), call({ atMs: change + 9000 })].map(litellmRow),
    );
    expect(report.priceMoves).toMatchObject([
      { model: 'openai/gpt-4o', atMs: change, calls: 2, paidNanos: 2n * (5_250_000n - 3_500_000n) },
    ]);
    expect((await audit([litellmRow(call({ atMs: change + 1 }))])).priceMoves).toEqual([]);
  });

  it('counts failed calls that were paid, and sees repeats word by word within a day', async () => {
    const day = 86_400_000;
    const report = await audit(
      [
        call({ outcome: 'failed' }),
        call({ outcome: 'failed', input: 0, output: 0 }),
        call({ prompt: 'hello' }),
        call({ prompt: 'hello', atMs: startMs + 1000 }),
        call({ prompt: 'hello', atMs: startMs + 3 * day }),
        call({ prompt: 'hello', model: 'gpt-mini' }),
      ].map(litellmRow),
    );
    expect(report.waste.failed).toEqual({ calls: 2, costNanos: 3_500_000n });
    expect(report.waste.repeats).toMatchObject({ calls: 1, costNanos: 3_500_000n });
    expect(report.savings.find(({ name }) => name === 'Repeated requests')).toMatchObject({ certainty: 'unproven' });
  });

  it.each([
    ['forwards', 1],
    ['backwards', -1],
  ])('bounds what a prompt cache would save on a conversation, whether the log runs %s', async (_name, order) => {
    const turns = [
      call({ session: 's', input: 5000 }),
      call({ session: 's', input: 7000, atMs: startMs + 60_000 }),
      call({ session: 's', input: 9000, atMs: startMs + 4_000_000 }),
    ];
    const report = await audit((order === 1 ? turns : turns.toReversed()).map(litellmRow));
    // Only the second turn comes while the first is still cached: 5,000 units at 1.25 instead of 2.5.
    expect(report.waste.cacheable).toMatchObject({ calls: 1, costNanos: 6_250_000n });
  });

  it('compares with the same weights at another host on this very mix, unproven, with the command that proves it', async () => {
    const report = await audit([call({ cacheRead: 400, job: `it's "odd"; rm -rf` })].map(litellmRow));
    expect(report.cheaperHosts).toMatchObject([
      { model: 'openai/gpt-4o', elsewhere: 'azure-openai/gpt-4o', costNanos: 3_000_000n, elsewhereNanos: 2_640_000n },
    ]);
    expect(report.cheaperHosts[0]?.proof).toBe(
      `switchyard eval run --job 'it'\\''s "odd"; rm -rf' --candidates openai/gpt-4o,azure-openai/gpt-4o --items logged --max-usd 5`,
    );
  });

  it('adds up: spent less all steps is what the rest would cost', async () => {
    const report = await audit(
      [call({ outcome: 'failed' }), call({ prompt: 'a' }), call({ prompt: 'a' }), call({ prompt: 'b' })].map(
        litellmRow,
      ),
    );
    const saved = report.savings.reduce((sum, { savedNanos }) => sum + savedNanos, 0n);
    // Two calls are left, at the cheaper host: 1,000 at 2.2 and 100 at 8.8.
    expect(report.total.costNanos - saved).toBe(2n * 3_080_000n);
  });

  it('does not apply prices by size of a call to sums of many calls, and says so', async () => {
    const result = { ...openaiResult(call({ input: 900_000, model: 'gemini-long' })), num_model_requests: 90 };
    const bucket = { object: 'bucket', start_time: startMs / 1000, end_time: startMs / 1000 + 60, results: [result] };
    const prices = { 'openai/gemini-long': textPrices['gemini/gemini-long'] ?? [] };
    const report = await audit([bucket], prices);
    expect(report.total).toMatchObject({ calls: 90, costNanos: 900_000n * 1250n + 100n * 10_000n });
    expect(report.assumptions.map(({ text }) => text).join()).toMatch(/prices by size of the call are left out/);
  });

  it('takes the price under the undated name and says so, and the first known price for what came before', async () => {
    const prices = { 'openai/gpt-4o': [{ fromMs: startMs + 5000, input: '2.5', output: '10' }] };
    const report = await audit([litellmRow(call({ model: 'gpt-4o-2024-08-06' }))], prices);
    expect(report.total.costNanos).toBe(3_500_000n);
    const texts = report.assumptions.map(({ text }) => text).join('\n');
    expect(texts).toMatch(/without its date or region: openai\/gpt-4o-2024-08-06/);
    expect(texts).toMatch(/before the first price we know/);
  });

  it('owes nothing for what a gateway answered from its cache', async () => {
    const report = await audit([{ ...litellmRow(call({})), cache_hit: 'True' }]);
    expect(report).toMatchObject({ total: { costNanos: 0n, isComplete: true }, waste: { cached: 1 } });
  });
});
