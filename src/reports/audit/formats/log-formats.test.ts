import { describe, expect, it } from 'vitest';
import { type AuditRow, RowProblem } from '../audit-row.ts';
import { CsvRecord, type Fields, JsonRecord } from '../reading/log-record.ts';
import { langfuseObservations } from './langfuse-observations.ts';
import { litellmSpendLogs } from './litellm-spend-logs.ts';
import type { LogFormat } from './log-format.ts';
import { openaiUsage } from './openai-usage.ts';
import { openrouterActivity } from './openrouter-activity.ts';

function rowsOf(format: LogFormat, fields: Fields): readonly AuditRow[] {
  const read = format.read(new JsonRecord(fields, JSON.stringify(fields)));
  return 'skipped' in read ? [] : read;
}

function rowOf(format: LogFormat, fields: Fields): AuditRow {
  const [row] = rowsOf(format, fields);
  if (!row) throw new Error('no row was read');
  return row;
}

const bucketsOf = (format: LogFormat, fields: Fields): AuditRow['usage']['buckets'] =>
  rowOf(format, fields).usage.buckets;

describe('a Langfuse observation', () => {
  const base = { id: 'o', trace_id: 't', start_time: '2026-03-01', provided_model_name: 'gpt-4o' };
  const of = (details: Fields): AuditRow['usage']['buckets'] =>
    bucketsOf(langfuseObservations, { ...base, usage_details: details });

  it.each([
    ['beside them', { input: 60, input_cached_tokens: 40, output: 10, output_reasoning_tokens: 20, total: 130 }],
    ['beside them, without a total', { input: 60, input_cached_tokens: 40, output: 10, output_reasoning_tokens: 20 }],
    ['inside them', { input: 100, input_cached_tokens: 40, output: 30, output_reasoning_tokens: 20, total: 130 }],
    ['as text', { input: '60', cache_read_input_tokens: '40', output: '10', reasoning: '20', total: '130' }],
  ])('counts details that lie %s once', (_name, details) => {
    expect(of(details)).toEqual({ input: 60, cacheRead: 40, output: 10, reasoning: 20 });
  });

  it('tells writes by their life, and sound and pictures from text', () => {
    expect(
      of({
        input: 10,
        output: 5,
        cache_creation_input_tokens: 7,
        input_cache_creation_1h: 3,
        input_audio_tokens: 2,
        input_image_tokens: 4,
        output_audio_tokens: 1,
      }),
    ).toEqual({ input: 10, cacheWrite5m: 7, cacheWrite1h: 3, audioIn: 2, imageIn: 4, output: 5, audioOut: 1 });
  });

  it('takes the host from a name that has one, and an error for a failure', () => {
    const row = rowOf(langfuseObservations, {
      ...base,
      provided_model_name: 'azure/gpt-4o',
      level: 'ERROR',
      usage: { input: 1, output: 1 },
    });
    expect(row).toMatchObject({ hostName: 'azure', outcome: 'failed' });
  });

  it('skips spans, and refuses usage without a model', () => {
    expect(rowsOf(langfuseObservations, { id: 's', trace_id: 't', start_time: '2026-03-01' })).toEqual([]);
    const unnamed = { ...base, provided_model_name: null, usage_details: { input: 1, output: 1 } };
    expect(() => rowsOf(langfuseObservations, unnamed)).toThrow(RowProblem);
  });
});

describe('a LiteLLM spend log', () => {
  const base = { request_id: 'r', startTime: '2026-03-01 10:00:00', model: 'claude', spend: 0 };
  const of = (usage: Fields, fields: Fields = {}): AuditRow['usage']['buckets'] =>
    bucketsOf(litellmSpendLogs, { ...base, ...fields, metadata: { usage_object: usage } });

  it('tells writes for five minutes from writes for an hour, both inside the input', () => {
    const details = {
      cached_tokens: 300,
      cache_creation_tokens: 200,
      cache_creation_token_details: { ephemeral_5m_input_tokens: 150, ephemeral_1h_input_tokens: 50 },
    };
    expect(of({ prompt_tokens_details: details }, { prompt_tokens: 1000, completion_tokens: 9 })).toEqual({
      input: 500,
      cacheRead: 300,
      cacheWrite5m: 150,
      cacheWrite1h: 50,
      output: 9,
    });
  });

  it('counts reads that are reported under both names once', () => {
    const usage = { cache_read_input_tokens: 40, prompt_tokens_details: { cached_tokens: 40 } };
    expect(of(usage, { prompt_tokens: 100 })).toMatchObject({ input: 60, cacheRead: 40 });
    const unsaid = { cache_read_input_tokens: 0, prompt_tokens_details: { cached_tokens: 40 } };
    expect(of(unsaid, { prompt_tokens: 100 })).toMatchObject({ input: 60, cacheRead: 40 });
  });

  it('reads the sum that was spent, never the parts of its breakdown', () => {
    const metadata = { cost_breakdown: { input_cost: 0.7, output_cost: 0.2, spend: 9, total_cost: 0.9 } };
    expect(rowOf(litellmSpendLogs, { ...base, spend: 0.9, metadata }).statedNanos).toBe(900_000_000n);
  });

  it('reads metadata that is text, as a CSV has it, and goes on without any', () => {
    const names = ['request_id', 'startTime', 'model', 'spend', 'prompt_tokens', 'metadata'];
    const record = new CsvRecord(new Map(names.map((name, at) => [name, at])));
    const metadata = JSON.stringify({ usage_object: { prompt_tokens_details: { cached_tokens: 30 } } });
    for (const [text, buckets] of [
      [metadata, { input: 70, cacheRead: 30, output: 0 }],
      ['{broken', { input: 100, output: 0 }],
      ['', { input: 100, output: 0 }],
    ] as const) {
      const read = litellmSpendLogs.read(record.take(['r', '2026-03-01', 'm', '0.000000001', '100', text]));
      expect(read).toMatchObject([{ statedNanos: 1n, usage: { buckets } }]);
    }
  });

  it.each([
    [0.0000000005, '0.0000000005', 0n],
    [0.0000000015, '0.0000000015', 2n],
    [0.1 + 0.2, '0.30000000000000004', 300_000_000n],
    [999.999999999, '999.999999999', 999_999_999_999n],
    [123456.123456789, '123456.123456789', 123_456_123_456_789n],
  ])('states %s as it was written', (spend, text, nanos) => {
    expect(rowOf(litellmSpendLogs, { ...base, spend }).statedNanos).toBe(nanos);
    const record = new CsvRecord(
      new Map(['request_id', 'startTime', 'model', 'user', 'spend'].map((name, at) => [name, at])),
    );
    const read = litellmSpendLogs.read(record.take(['r', '2026-03-01', 'claude', '', text]));
    expect(read).toMatchObject([{ statedNanos: nanos }]);
  });
});

describe('an OpenAI usage export', () => {
  const base = { start_time: 1772323200, end_time: 1772323260, model: 'gpt-4o', num_model_requests: 1 };

  it('counts cached input inside the input, and sound inside both', () => {
    const used = { input_tokens: 1000, input_cached_tokens: 400, input_audio_tokens: 100, output_tokens: 50 };
    expect(bucketsOf(openaiUsage, { ...base, ...used, output_audio_tokens: 20 })).toEqual({
      input: 500,
      cacheRead: 400,
      audioIn: 100,
      output: 30,
      audioOut: 20,
    });
  });

  it('bills the whole and says so when the cached part is more than it', () => {
    const { usage } = rowOf(openaiUsage, { ...base, input_tokens: 10, input_cached_tokens: 11, output_tokens: 1 });
    expect(usage).toMatchObject({ buckets: { input: 10, output: 1 }, invalid: true });
  });

  it('asks for grouping by model when there is none, and reads a row of many calls as a sum', () => {
    expect(() => rowsOf(openaiUsage, { ...base, model: null, input_tokens: 5 })).toThrow(/grouped by model/);
    const sum = { ...base, num_model_requests: 7, input_tokens: 5, batch: true };
    expect(rowOf(openaiUsage, sum)).toMatchObject({ calls: 7, isSum: true, batch: true });
  });
});

describe('an OpenRouter activity row', () => {
  const base = { generation_id: 'g', created_at: '2026-03-01 10:00:00', model_permaslug: 'openai/gpt-4o' };

  it('takes the units that were billed, with cached and reasoning units inside them', () => {
    const used = { tokens_prompt: 100, tokens_completion: 50, tokens_reasoning: 30, tokens_cached: 60 };
    expect(bucketsOf(openrouterActivity, { ...base, ...used })).toEqual({
      input: 40,
      cacheRead: 60,
      output: 20,
      reasoning: 30,
    });
  });

  it('prices a variant by its own name, and never doubles one that is in the name', () => {
    const used = { tokens_prompt: 1, tokens_completion: 1 };
    const name = (fields: Fields): string => rowOf(openrouterActivity, { ...base, ...used, ...fields }).modelName;
    expect(name({ variant: 'free' })).toBe('openai/gpt-4o:free');
    expect(name({ variant: 'standard' })).toBe('openai/gpt-4o');
    expect(name({ variant: 'free', model_permaslug: 'openai/gpt-4o:free' })).toBe('openai/gpt-4o:free');
  });
});
