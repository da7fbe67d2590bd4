import { expect, it } from 'vitest';
import type { PriceTerms } from '../../domain/rating/price.ts';
import { type Observation, PriceBook } from '../price-book/index.ts';
import { explainBookPrice, priceHistory } from './explain-price.ts';
import { importPrices, planImport } from './import-prices.ts';
import { readPriceFile } from './read-price-file.ts';

const dayMs = 24 * 3_600_000;
const endpointId = 'mistral/m';

function quote(source: string, atMs: number, input: bigint): Observation {
  const terms: PriceTerms = { picosPerUnit: { input, output: 2_000_000n } };
  return { kind: 'quote', source, endpointId, atMs, terms, sourceText: `{"input":${input}}` };
}

function bookOf(...observations: Observation[]): PriceBook {
  const book = new PriceBook();
  for (const observation of observations) book.observe(observation);
  return book;
}

function viewOf(book: PriceBook): NonNullable<ReturnType<PriceBook['view']>> {
  const view = book.view(endpointId);
  if (!view) throw new Error('the book does not have it');
  return view;
}

it('a history has every period of a price with what it changed and who said so', () => {
  const book = bookOf(quote('a', 0, 1_000_000n), quote('b', 0, 1_000_000n));
  book.observe(quote('a', dayMs, 1_500_000n));
  book.observe(quote('b', 2 * dayMs, 1_500_000n));
  const [first, second, ...others] = priceHistory(viewOf(book));
  expect(others).toEqual([]);
  expect(first).toMatchObject({ validFromMs: 0, validToMs: 2 * dayMs, figures: { input: '1', output: '2' } });
  expect(second).toMatchObject({
    validFromMs: 2 * dayMs,
    validToMs: undefined,
    seenAtMs: dayMs,
    sources: ['a', 'b'],
    changed: [{ figure: 'input', from: '1', to: '1.5', isMove: true }],
  });
});

it('a price in use is explained with what each catalog says otherwise, and never averaged', () => {
  const book = bookOf(quote('a', 0, 1_000_000n), quote('b', 0, 1_000_000n), quote('c', dayMs, 400_000n));
  const explained = explainBookPrice(viewOf(book), 2 * dayMs);
  expect(explained.figures).toEqual({ input: '1', output: '2' });
  expect(explained.differing).toEqual([{ source: 'c', figures: { input: '0.4' } }]);
  expect(explained.sources.map(({ source }) => source)).toEqual(['a', 'b', 'c']);
  expect(explainBookPrice(viewOf(book), -1).figures).toEqual({});
});

it('an import tells the price book what it read, and what came of it', async () => {
  const text = JSON.stringify({ 'mistral/m': { litellm_provider: 'mistral', input_cost_per_token: 1e-6 } });
  const file = readPriceFile(Buffer.from(text));
  if (!file) throw new Error('the file was not read');
  const book = new PriceBook();
  const effect = await importPrices(planImport(file, 5, 'digest'), {
    ingest: (observations) => Promise.resolve(observations.flatMap((one) => book.observe(one))),
  });
  expect(effect).toEqual({ versionsOpened: 1, versionsClosed: 0, notices: 0, pages: 0 });
  expect(book.priceAt(endpointId, 5)).toMatchObject({
    sourceHash: 'digest',
    price: { picosPerUnit: { input: 1_000_000n } },
  });
});

it('a damaged or oversized file is none', () => {
  expect(readPriceFile(Buffer.from([0x1f, 0x8b, 0, 1, 2]))).toBeUndefined();
  expect(readPriceFile(Buffer.from('hello'))).toBeUndefined();
});
