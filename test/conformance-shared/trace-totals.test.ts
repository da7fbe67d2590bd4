import { expect, it } from 'vitest';
import { parsePricePerMillion } from '../../src/domain/money/money.ts';
import type { Price } from '../../src/domain/rating/price.ts';
import { rate } from '../../src/domain/rating/rating.ts';
import { readShared, readTable } from './price-history-data.ts';

function priceOf(input: string, output: string): Price {
  const picos = (text: string): bigint => {
    const parsed = parsePricePerMillion(text);
    if (!parsed?.exact) throw new Error(`${text} is no exact price`);
    return parsed.picosPerToken;
  };
  return { versionId: 'v1', picosPerUnit: { input: picos(input), output: picos(output) } };
}

/** Every request of a trace rated on its own, rounded on its own, and added up. */
function totalNanos(trace: string, price: Price): bigint {
  const rows = readTable(`traces/${trace}.csv.gz`);
  expect(rows.length).toBeGreaterThan(8000);
  return rows.reduce((sum, row) => {
    const buckets = { input: Number(row['ContextTokens']), output: Number(row['GeneratedTokens']) };
    const { costNanos } = rate({ buckets, source: 'provider' }, price, { startedAtMs: 0 });
    if (costNanos === null) throw new Error('the price is known');
    return sum + costNanos;
  }, 0n);
}

it('[money 39] rates the recorded traces to the nano', () => {
  expect(readShared('traces/azure2023_conv.csv.gz')).toContain('ContextTokens');
  expect(totalNanos('azure2023_conv', priceOf('0.4', '2.0'))).toBe(17_122_078_000n);
  expect(totalNanos('azure2023_conv', priceOf('1.5', '7.5'))).toBe(64_207_792_500n);
  expect(totalNanos('azure2023_conv', priceOf('3', '15'))).toBe(128_415_585_000n);
  expect(totalNanos('azure2023_code', priceOf('3', '15'))).toBe(57_868_362_000n);
});
