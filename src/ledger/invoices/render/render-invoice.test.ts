import { createHash } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { atCostPlan } from '../../../domain/charges/plan.ts';
import { freezeDocument, type InvoiceDocument, readDocument, writeDocument } from '../invoice-document.ts';
import { totalsOf } from '../invoice-totals.ts';
import { renderInvoice } from './render-invoice.ts';

function documentOf(change: { lines?: number; displayName?: string; model?: string } = {}): InvoiceDocument {
  const lines = Array.from({ length: change.lines ?? 2 }, (_, index) => ({
    key: `k${index}`,
    kind: 'usage' as const,
    description: `${change.model ?? 'model'} ${index}`,
    units: 9_007_199_254_740_993n,
    unit: 'units',
    picosPerUnit: null,
    planVersionId: atCostPlan.versionId,
    coversStartDay: 20_513,
    coversEndDay: 20_544,
    amountNanos: 4_000_000n,
    isBooked: true,
    segmentsSha256: null,
  }));
  const netUsdNanos = lines.reduce((sum, { amountNanos }) => sum + amountNanos, 0n);
  return writeDocument({
    id: 'inv_1',
    kind: 'invoice',
    number: 42n,
    customer: {
      id: 'acme',
      displayName: change.displayName ?? 'Acme',
      timeZone: 'UTC',
      billing: { address: 'Road 1' },
    },
    organisation: { name: 'Org', currency: 'USD' },
    period: { startDay: 20_513, endDay: 20_544, timeZone: 'UTC' },
    issuedDay: 20_545,
    dueDay: 20_575,
    lines,
    totals: totalsOf({
      netUsdNanos,
      carryInUsdNanos: 0n,
      taxes: [{ name: 'VAT', ratePpm: 77_000n }],
      exchange: undefined,
    }),
    unpricedRequests: 0n,
  });
}

/** The text that a PDF draws, page by page. */
function textOf(pdf: Uint8Array): { pages: number; text: string } {
  const raw = Buffer.from(pdf).toString('latin1');
  const streams = [...raw.matchAll(/stream\r?\n([\s\S]*?)\r?\nendstream/g)].map(([, body = '']) => {
    try {
      return inflateSync(Buffer.from(body, 'latin1')).toString('latin1');
    } catch {
      // Not compressed.
      return body;
    }
  });
  const texts = streams.flatMap((stream) => [...stream.matchAll(/<([0-9A-Fa-f]+)> Tj/g)].map(([, hex = '']) => hex));
  const text = texts.map((hex) => Buffer.from(hex, 'hex').toString('latin1')).join('\n');
  return { pages: [...raw.matchAll(/\/Type \/Page\b(?!s)/g)].length, text };
}

test('JSON is the text that was hashed, and reads back as the same document', async () => {
  const document = documentOf();
  const { text, sha256 } = freezeDocument(document);
  const { body } = await renderInvoice(readDocument(text), 'json');
  expect(createHash('sha256').update(body).digest('hex')).toBe(sha256);
  expect(readDocument(String(body))).toEqual(document);
});

test('[money 80] amounts and units beyond the safe integers survive', async () => {
  const { body } = await renderInvoice(documentOf(), 'json');
  expect(readDocument(String(body)).lines[0]?.units).toBe('9007199254740993');
});

test('CSV has every line and sum, and runs no formula', async () => {
  const { body } = await renderInvoice(documentOf({ model: '=cmd()' }), 'csv');
  const rows = String(body).trim().split('\r\n');
  expect(rows).toHaveLength(1 + 2 + 6);
  expect(rows[1]).toContain(`,'=cmd() 0,`);
  expect(rows.find((row) => row.includes(',total,'))).toContain(',0.01,USD,10000000,');
});

test('PDF repeats the head of a long table on each page and says which page it is', async () => {
  const { body } = await renderInvoice(documentOf({ lines: 200 }), 'pdf');
  const { pages, text } = textOf(body as Uint8Array);
  expect(pages).toBeGreaterThan(3);
  expect(text.match(/^Description$/gm)).toHaveLength(pages);
  expect(text).toContain('model 199');
  expect(text).toContain('Invoice INV-000042');
  expect(text).toContain('Total: USD 0.86');
  expect(text).toContain(`page ${pages} of ${pages}`);
});

test('PDF draws what its fonts have, and says so where they lack a character', async () => {
  const latin = textOf(
    (await renderInvoice(documentOf({ displayName: 'Ærøskøbing Ångström Řeka' }), 'pdf')).body as Uint8Array,
  );
  expect(latin.text).toContain('Ærøskøbing Ångström Reka');
  expect(latin.text).not.toContain('cannot be drawn');
  const other = textOf((await renderInvoice(documentOf({ displayName: '東京 Ltd' }), 'pdf')).body as Uint8Array);
  expect(other.text).toContain('?? Ltd');
  expect(other.text).toContain('cannot be drawn');
});

test('the same document gives the same PDF', async () => {
  const [one, other] = await Promise.all([renderInvoice(documentOf(), 'pdf'), renderInvoice(documentOf(), 'pdf')]);
  expect(Buffer.compare(Buffer.from(one.body), Buffer.from(other.body))).toBe(0);
});

test('a word that is longer than its column is cut, not lost', async () => {
  const model = 'Q'.repeat(300);
  const { text } = textOf((await renderInvoice(documentOf({ lines: 1, model }), 'pdf')).body as Uint8Array);
  expect(text.match(/Q+/g)?.join('')).toHaveLength(300);
});
