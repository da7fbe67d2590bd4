import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import type { Fact } from '../../domain/facts/facts.ts';
import { auditLogs } from './audit-logs.ts';
import type { AuditReport } from './audit-report.ts';
import { exactTotalNanos } from './testing/exact-total.ts';
import {
  jsonLines,
  langfuseRow,
  litellmRow,
  objectsAsCsv,
  openaiCsv,
  openaiPages,
  openrouterCsv,
  type SyntheticCall,
} from './testing/log-writers.ts';
import { syntheticCalls, syntheticPrices, textPrices } from './testing/synthetic-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'switchyard-audit-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const everyHost = Object.keys(textPrices);
const openaiOnly = everyHost.filter((endpoint) => endpoint.startsWith('openai/'));

async function auditText(name: string, content: string | Buffer): Promise<AuditReport> {
  const file = join(folder, name);
  writeFileSync(file, content);
  return auditLogs({ files: [file], prices: syntheticPrices(), priceSource: 'test' });
}

function exact(calls: readonly SyntheticCall[]): bigint {
  return exactTotalNanos(calls, (call) => textPrices[`${call.host}/${call.model}`] ?? []);
}

function factsOf(calls: readonly SyntheticCall[]): Fact[] {
  return calls.flatMap((call): Fact[] => [
    {
      type: 'open',
      requestId: call.id,
      atMs: call.atMs,
      key: 'backend',
      customer: 'default',
      endUser: call.user,
      job: call.job,
      dialect: 'openai-chat',
      operation: 'generate',
      model: call.model,
      stream: false,
      inputEstimateTokens: call.input,
    },
    {
      type: 'attempt',
      requestId: call.id,
      attempt: 1,
      host: call.host,
      upstreamModel: call.model,
      dialect: 'openai-chat',
      startedAtMs: call.atMs,
      totalMs: 100,
      usage: {
        input: call.input - call.cacheRead,
        cacheRead: call.cacheRead,
        output: call.output - call.reasoning,
        reasoning: call.reasoning,
      },
      usageSource: 'provider',
      costNanos: '1',
      flags: [],
    },
  ]);
}

async function* each<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  for (const item of items) yield await Promise.resolve(item);
}

describe('the total of an audit', () => {
  const calls = syntheticCalls(3000, 7, everyHost);
  const ofOpenai = syntheticCalls(3000, 8, openaiOnly).map((call) => ({ ...call, reasoning: 0 }));
  const named = calls.map((call) => ({ ...call, model: `${call.host}/${call.model}` }));

  const formats: readonly (readonly [
    name: string,
    title: string,
    of: readonly SyntheticCall[],
    text: string | Buffer,
  ])[] = [
    ['litellm.jsonl', 'LiteLLM spend logs', calls, jsonLines(calls.map(litellmRow))],
    ['litellm.json', 'LiteLLM spend logs', calls, JSON.stringify(calls.map(litellmRow), undefined, 2)],
    ['litellm-data.json', 'LiteLLM spend logs', calls, JSON.stringify({ data: calls.map(litellmRow), total: 3000 })],
    ['litellm.csv', 'LiteLLM spend logs', calls, objectsAsCsv(calls.map(litellmRow))],
    ['litellm.csv.gz', 'LiteLLM spend logs', calls, gzipSync(objectsAsCsv(calls.map(litellmRow)))],
    ['usage.json', 'OpenAI usage export', ofOpenai, openaiPages(ofOpenai)],
    ['usage.csv', 'OpenAI usage export', ofOpenai, openaiCsv(ofOpenai)],
    ['langfuse.jsonl', 'Langfuse observations', calls, jsonLines(named.map(langfuseRow))],
    ['langfuse.json', 'Langfuse observations', calls, JSON.stringify(named.map(langfuseRow))],
    ['langfuse.csv', 'Langfuse observations', calls, objectsAsCsv(named.map(langfuseRow))],
  ];

  it.each(formats)('of %s (%s) is that of schoolbook fractions, to the nano', async (...[name, title, of, text]) => {
    const report = await auditText(name, text);
    expect(report.files[0]).toMatchObject({ format: title, rows: of.length, badCount: 0, unknownColumns: [] });
    expect(report.total.costNanos).toBe(exact(of));
    expect(report.total.isComplete).toBe(true);
  });

  it('of an OpenRouter activity file is that of schoolbook fractions, to the nano', async () => {
    const prices = Object.fromEntries(everyHost.map((name) => [`openrouter/${name}`, textPrices[name] ?? []]));
    const file = join(folder, 'activity.csv');
    const bought = named.map((call) => ({ ...call, host: 'openrouter' }));
    writeFileSync(file, openrouterCsv(bought));
    const report = await auditLogs({ files: [file], prices: syntheticPrices(prices), priceSource: 'test' });
    expect(report.files[0]).toMatchObject({ format: 'OpenRouter activity export', rows: 3000, unknownColumns: [] });
    expect(report.total.costNanos).toBe(exactTotalNanos(bought, (call) => prices[`openrouter/${call.model}`] ?? []));
  });

  it('of our own journal is that of schoolbook fractions, to the nano', async () => {
    const journals = [{ name: 'journal', sizeBytes: 0, facts: each(factsOf(calls)) }];
    const report = await auditLogs({ files: [], journals, prices: syntheticPrices(), priceSource: 'test' });
    expect(report.total.costNanos).toBe(exact(calls));
    expect(report.byJob.map(({ name }) => name).toSorted()).toEqual(
      ['code review', 'search', 'summaries', 'support reply'].toSorted(),
    );
  });

  it('is the sum of its parts in every table', async () => {
    const { total, byModel, byJob, byUser, byKey, byDay } = await auditText(
      'parts.jsonl',
      jsonLines(calls.map(litellmRow)),
    );
    for (const sums of [byModel, byJob, byUser, byKey, byDay]) {
      expect(sums.reduce((sum, { costNanos }) => sum + costNanos, 0n)).toBe(total.costNanos);
      expect(sums.reduce((sum, one) => sum + one.calls, 0)).toBe(total.calls);
    }
    const byDayAndModel = byDay.flatMap(({ models }) => [...models.values()]).reduce((sum, cost) => sum + cost, 0n);
    expect(byDayAndModel).toBe(total.costNanos);
  });

  it('compares with what the log states, exactly', async () => {
    const report = await auditText(
      'stated.csv',
      objectsAsCsv(calls.map((call) => ({ ...litellmRow(call), spend: call.stated }))),
    );
    const theirs = calls.reduce((sum, { stated = '0' }) => sum + BigInt(stated.replace('0.', '')), 0n);
    expect(report.stated).toEqual({ calls: calls.length, oursNanos: report.total.costNanos, theirsNanos: theirs });
  });

  it('counts a row of two overlapping exports once', async () => {
    const file = join(folder, 'parts.jsonl');
    const more = join(folder, 'more.json');
    writeFileSync(more, JSON.stringify(calls.slice(0, 500).map(litellmRow)));
    const report = await auditLogs({ files: [file, more], prices: syntheticPrices(), priceSource: 'test' });
    expect(report.total).toMatchObject({ costNanos: exact(calls), duplicates: 500, rows: 3000 });
  });
});
