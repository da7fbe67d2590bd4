import { describe, expect, test } from 'vitest';
import { parseDay } from '../../domain/money/periods.ts';
import { BillError } from './bill.ts';
import { readBill } from './read-bill.ts';

const day = parseDay('2026-03-01') ?? 0;
const cellsOf = (text: string) =>
  readBill(text).cells.map(({ day: at, model, key, bucket, units, amountNanos }) => [
    at - day,
    model,
    key,
    bucket,
    units,
    amountNanos,
  ]);

test('units of the OpenAI usage API are split into disjoint buckets', () => {
  const result = { object: 'organization.usage.completions.result', model: 'gpt', api_key_id: 'key_1' };
  const used = { input_tokens: 1000, input_cached_tokens: 200, output_tokens: 300, num_model_requests: 2 };
  const page = {
    object: 'page',
    data: [{ object: 'bucket', start_time: 1772323200, end_time: 1772409600, results: [{ ...result, ...used }] }],
  };
  expect(readBill(JSON.stringify(page))).toMatchObject({ format: 'openai-usage', host: 'openai', unknownColumns: [] });
  expect(cellsOf(JSON.stringify(page))).toEqual([
    [0, 'gpt', 'key_1', 'cacheRead', 200n, null],
    [0, 'gpt', 'key_1', 'input', 800n, null],
    [0, 'gpt', 'key_1', 'output', 300n, null],
  ]);
});

test('amounts of the OpenAI costs API keep every digit and find their bucket', () => {
  const text = `{"data":[{"start_time":1772323200,"end_time":1772409600,"results":[
    {"object":"organization.costs.result","amount":{"value":0.061234567,"currency":"usd"},"line_item":"gpt, cached input"},
    {"object":"organization.costs.result","amount":{"value":12345.123456789,"currency":"usd"},"line_item":"gpt, output"},
    {"object":"organization.costs.result","amount":{"value":1,"currency":"eur"},"line_item":"gpt, output"}]}]}`;
  expect(cellsOf(text)).toEqual([
    [0, 'gpt', '', 'cacheRead', null, 61_234_567n],
    [0, 'gpt', '', 'output', null, 12_345_123_456_789n],
  ]);
  expect(readBill(text).problems).toEqual([{ line: 3, message: 'the amount is in eur, not in USD' }]);
});

test('the Anthropic usage and cost reports', () => {
  const bucket = { starting_at: '2026-03-02T00:00:00Z', ending_at: '2026-03-03T00:00:00Z' };
  const usage = {
    model: 'claude',
    api_key_id: 'k',
    uncached_input_tokens: 50,
    cache_read_input_tokens: 2000,
    cache_creation: { ephemeral_5m_input_tokens: 1000, ephemeral_1h_input_tokens: 500 },
    output_tokens: 400,
  };
  expect(cellsOf(JSON.stringify({ data: [{ ...bucket, results: [usage] }] })).map((cell) => cell.slice(3, 5))).toEqual([
    ['cacheRead', 2000n],
    ['cacheWrite1h', 500n],
    ['cacheWrite5m', 1000n],
    ['input', 50n],
    ['output', 400n],
  ]);
  const cost = {
    amount: '123.78912',
    currency: 'USD',
    model: 'claude',
    token_type: 'output_tokens',
    cost_type: 'tokens',
  };
  expect(cellsOf(JSON.stringify({ data: [{ ...bucket, results: [cost] }] }))).toEqual([
    [1, 'claude', '', 'output', null, 1_237_891_200n],
  ]);
});

test('OpenRouter activity as CSV, with quoted cells', () => {
  const text = `date,model,provider_name,usage,requests,prompt_tokens,completion_tokens,reasoning_tokens
2026-03-01,"lab/model, new",Host,0.0125,3,100,50,20
2026-03-01,"lab/model, new",Host,0.0025,1,10,5,0
`;
  expect(cellsOf(text)).toEqual([
    [0, 'lab/model, new', '', '', null, 15_000_000n],
    [0, 'lab/model, new', '', 'input', 110n, null],
    [0, 'lab/model, new', '', 'output', 35n, null],
    [0, 'lab/model, new', '', 'reasoning', 20n, null],
  ]);
});

test('AWS Cost and Usage Reports: only rows of Bedrock, thousands are units', () => {
  const text = `identity/LineItemId,lineItem/UsageStartDate,lineItem/ProductCode,lineItem/UsageType,lineItem/UsageAmount,lineItem/UnblendedCost,lineItem/CurrencyCode,pricing/unit
1,2026-03-01T00:00:00Z,AmazonBedrock,USE1-Claude3Sonnet-input-tokens,12.345,0.037035,USD,1K tokens
2,2026-03-01T01:00:00Z,AmazonBedrock,USE1-Claude3Sonnet-input-tokens,1.0E-3,0.000003,USD,1K tokens
3,2026-03-01T00:00:00Z,AmazonEC2,BoxUsage,1,4.00,USD,Hrs
`;
  expect(readBill(text)).toMatchObject({ format: 'aws-cur', host: 'bedrock', unknownColumns: [], problems: [] });
  expect(cellsOf(text)).toEqual([[0, 'Claude3Sonnet', '', 'input', 12_346n, 37_038_000n]]);
});

describe('what is wrong is told', () => {
  const head = 'date,model,usage,requests,prompt_tokens,completion_tokens,reasoning_tokens,mood';

  test('a bad row by its line, an unknown column by its name; the rest is read', () => {
    const bill = readBill(
      `${head}\n2026-03-01,m,0.1,1,1,1,0,ok\n2026-13-01,m,0.1,1,1,1,0,ok\n2026-03-01,m,free,1,1,1,0,ok\n1,2\n`,
    );
    expect(bill.unknownColumns).toEqual(['mood']);
    expect(bill.problems).toEqual([
      { line: 3, message: '"2026-13-01" is no day' },
      { line: 4, message: 'usage or cost_total is "free", which is no number' },
      { line: 5, message: '2 cells under 8 columns' },
    ]);
    expect(bill.cells).toHaveLength(3);
  });

  test.each([
    ['', 'the file is empty'],
    ['a,b\n1,2\n', 'no known format has the columns a, b'],
    ['{"data": [', 'neither CSV nor JSON'],
    ['hello', 'the first line names no columns'],
    ['a,"b\n1,2', 'a quoted cell does not end'],
  ])('%j cannot be read', (text, message) => {
    expect(() => readBill(text)).toThrow(BillError);
    expect(() => readBill(text)).toThrow(message);
  });

  test('lines are counted through cells that hold line breaks', () => {
    const bill = readBill(`${head}\n2026-03-01,"m\nn",0.1,1,1,1,0,\n2026-03-01,m,x,1,1,1,0,\n`);
    expect(bill.problems[0]?.line).toBe(4);
  });
});
