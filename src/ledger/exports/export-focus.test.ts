import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseUsdAsNanos } from '../../domain/money/money.ts';
import { openTestDatabase, type TestDatabase } from '../../storage/testing/open-test-database.ts';
import { InvoiceFixture } from '../invoices/testing/invoice-fixture.ts';
import { readRecords } from '../reconciliation/read-records.ts';
import { exportFocus } from './export-focus.ts';

let opened: TestDatabase;
let fixture: InvoiceFixture;

beforeEach(async () => {
  opened = await openTestDatabase();
  fixture = new InvoiceFixture(opened.database);
});

afterEach(async () => {
  await opened.close();
});

function costOf(text = '0'): bigint {
  const nanos = parseUsdAsNanos(text.replace('-', '')) ?? 0n;
  return text.startsWith('-') ? -nanos : nanos;
}

test('[money 76] BilledCost adds up to the net of the invoice before rounding, and credit stands apart', async () => {
  await fixture.addCustomer('acme');
  await fixture.subscribe('acme', { baseFee: '9.99' }, { fromMs: 0 });
  const at = (day: number) => Date.UTC(2026, 2, day, 12);
  const columns = { input: 1000n, output: 77n };
  await fixture.use({ customer: 'acme', atMs: at(2), chargeNanos: 1_234_567_891n, model: 'a', host: 'h1', columns });
  await fixture.use({
    customer: 'acme',
    atMs: at(2),
    chargeNanos: 345_678_907n,
    model: 'a',
    host: 'h2',
    columns: { ...columns, estimated: 1n },
  });
  await fixture.use({
    customer: 'acme',
    atMs: at(9),
    chargeNanos: 7n,
    model: '=b',
    job: 'triage',
    fromCreditNanos: 3n,
  });
  const { row } = await fixture.bill('acme', 3);
  const sum = (text: string) =>
    readRecords(text).records.reduce((total, record) => total + costOf(record.text('BilledCost')), 0n);
  const file = await exportFocus(opened.database, [row.id]);
  expect(sum(file)).toBe(row.net_nanos);
  const { records } = readRecords(file);
  const categories = records.map((record) => record.text('ChargeCategory'));
  expect(categories).toEqual(['Purchase', 'Usage', 'Usage', 'Usage', 'Usage', 'Usage', 'Credit']);
  expect(records.map((record) => record.text('x_estimated'))).toEqual([
    'false',
    'false',
    'false',
    'false',
    'true',
    'true',
    'false',
  ]);
  expect(records[2]?.text('ChargePeriodStart')).toBe('2026-03-02T00:00:00Z');
  expect(records[1]?.text('InvoiceId')).toBe('INV-000001');
  expect(records[1]?.text('ResourceName')).toBe("'=b");
  expect(costOf(records.at(-1)?.text('BilledCost'))).toBe(-3n);

  await fixture.use({ customer: 'acme', atMs: at(2), chargeNanos: 500n, model: 'a', host: 'h1' });
  expect(sum(await exportFocus(opened.database, [row.id]))).toBe(row.net_nanos);
});

test('late use and an invoice that is taken back are corrections of the use they are about', async () => {
  await fixture.addCustomer('acme');
  await fixture.subscribe('acme', { baseFee: '9.99' }, { fromMs: 0 });
  const use = { customer: 'acme', chargeNanos: 1_000_000_007n, model: 'a', job: 'triage', columns: { input: 10n } };
  await fixture.use({ ...use, atMs: Date.UTC(2026, 1, 2) });
  fixture.nowMs = Date.UTC(2026, 2, 2);
  const february = await fixture.bill('acme', 2);
  const rowsOf = async (id: string) => readRecords(await exportFocus(opened.database, [id])).records;
  const shown = ['ChargeCategory', 'ChargeClass', 'SkuId', 'x_job', 'ConsumedQuantity', 'x_corrects'];
  const about = async (id: string) => {
    const records = await rowsOf(id);
    return records.map((record) => shown.map((column) => record.text(column) ?? '').join(' '));
  };
  expect(await about(february.row.id)).toEqual(['Purchase     ', 'Usage  a triage 10 ']);

  await fixture.use({ ...use, atMs: Date.UTC(2026, 1, 3), chargeNanos: 500n });
  fixture.nowMs = Date.UTC(2026, 3, 2);
  const march = await fixture.bill('acme', 3);
  const note = await fixture.book.void(march.row.id, 'a mistake');
  expect(await about(march.row.id)).toEqual(['Purchase     ', 'Usage Correction a triage 10 ']);
  expect(await about(note.row.id)).toEqual([
    'Purchase Correction    INV-000002',
    'Usage Correction a triage -10 INV-000002',
  ]);
  const files = [...(await rowsOf(march.row.id)), ...(await rowsOf(note.row.id))];
  expect(files.reduce((sum, record) => sum + costOf(record.text('BilledCost')), 0n)).toBe(0n);
});
