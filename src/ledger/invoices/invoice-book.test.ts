import { beforeEach, describe, expect, test } from 'vitest';
import { monthOf } from '../../domain/money/periods.ts';
import { sharedTestDatabase } from '../../storage/testing/shared-test-database.ts';
import { LedgerError } from '../ledger-error.ts';
import { InvoiceFixture } from './testing/invoice-fixture.ts';

const usd = (cents: number) => BigInt(cents) * 10_000_000n;
const march = (day: number, hour = 12) => Date.UTC(2026, 2, day, hour);

const database = sharedTestDatabase();
let fixture: InvoiceFixture;

beforeEach(() => {
  fixture = new InvoiceFixture(database());
});

const frozenOf = async (id: string) => {
  const row = database().db.selectFrom('invoice').select(['document', 'document_sha256']).where('id', '=', id);
  return row.executeTakeFirstOrThrow();
};

describe('closing a month', () => {
  test('an invoice bills exactly what the facts charged, and the ledger owes what it says', async () => {
    await fixture.addCustomer('acme');
    await fixture.use({ customer: 'acme', atMs: march(3), chargeNanos: 1_234_567_890n, model: 'a' });
    await fixture.use({ customer: 'acme', atMs: march(30), chargeNanos: 2_345_678_901n, model: 'a' });
    await fixture.use({ customer: 'acme', atMs: march(4), chargeNanos: 3_456_789_012n, model: 'b', job: 'triage' });
    await fixture.use({ customer: 'other', atMs: march(4), chargeNanos: 5n });
    await fixture.use({ customer: 'acme', atMs: Date.UTC(2026, 3, 1), chargeNanos: 7n });

    const { row, lines, document } = await fixture.bill('acme', 3);

    expect(lines.map(({ description, amountNanos }) => [description, amountNanos])).toEqual([
      ['a', 3_580_246_791n],
      ['b, job triage', 3_456_789_012n],
    ]);
    expect(row).toMatchObject({ status: 'finalised', number: 1n, net_nanos: 7_037_035_803n, total_nanos: usd(704) });
    expect(row.carry_out_nanos).toBe(-2_964_197n);
    expect(lines[0]?.segmentsSha256).toMatch(/^[0-9a-f]{64}$/);
    expect(document).toMatchObject({ number: 'INV-000001', totalNanos: '7040000000', currency: 'USD' });
    expect(await fixture.balance('receivable', 'acme')).toBe(usd(704));
    expect(await fixture.balance('accrued', 'acme')).toBe(7n);
    expect(await fixture.balance('rounding')).toBe(-2_964_197n);
  });

  test('[money 63] three small lines are a cent, and the rest is on the next invoice', async () => {
    await fixture.addCustomer('acme');
    for (const model of ['a', 'b', 'c'])
      await fixture.use({ customer: 'acme', atMs: march(3), chargeNanos: 4_000_000n, model });
    const first = await fixture.bill('acme', 3);
    expect(first.row).toMatchObject({ total_nanos: usd(1), carry_out_nanos: 2_000_000n });
    fixture.nowMs = Date.UTC(2026, 4, 2);
    await fixture.use({ customer: 'acme', atMs: Date.UTC(2026, 3, 5), chargeNanos: 8_000_000n });
    const second = await fixture.bill('acme', 4);
    expect(second.row).toMatchObject({
      carry_in_nanos: 2_000_000n,
      total_nanos: usd(1),
      carry_out_nanos: 0n,
      number: 2n,
    });
    expect(await fixture.balance('rounding')).toBe(0n);
  });

  test('the month is the one of the customer, to the quarter of an hour', async () => {
    await fixture.addCustomer('acme', { timeZone: 'Asia/Kolkata' });
    const { startMs, endMs } = monthOf(2026, 3, 'Asia/Kolkata');
    for (const [atMs, chargeNanos] of [
      [startMs - 1, 1n],
      [startMs, 10n],
      [endMs - 1, 100n],
      [endMs, 1000n],
    ] as const) {
      await fixture.use({ customer: 'acme', atMs, chargeNanos });
    }
    expect((await fixture.bill('acme', 3)).row.net_nanos).toBe(110n);
  });

  test('taxes come after the rounding, and are owed too', async () => {
    await fixture.addCustomer('acme');
    await fixture.use({ customer: 'acme', atMs: march(3), chargeNanos: 10_004_999_999n });
    const { document } = await fixture.bill('acme', 3, { taxes: [{ name: 'VAT', percent: '19' }] });
    expect(document).toMatchObject({ roundedNanos: '10000000000', totalNanos: '11900000000' });
    expect(document?.taxes).toEqual([{ name: 'VAT', ratePpm: '190000', amountNanos: '1900000000' }]);
    expect(await fixture.balance('tax')).toBe(-usd(190));
    expect(await fixture.balance('receivable', 'acme')).toBe(usd(1190));
  });

  test('[money 66] another currency is on the invoice only', async () => {
    await fixture.addCustomer('acme', { currency: 'EUR' });
    await fixture.use({ customer: 'acme', atMs: march(3), chargeNanos: 12_345_678_901n });
    await expect(fixture.bill('acme', 3)).rejects.toThrow('give the exchange rate');
    const exchange = { currency: 'EUR', rate: '0.92345', rateDate: '2026-03-31', source: 'ECB' };
    const { row, document } = await fixture.bill('acme', 3, { exchange });
    expect(document).toMatchObject({ exactNanos: '11400617181', totalNanos: '11400000000', currency: 'EUR' });
    expect(document?.lines[0]?.amountNanos).toBe('12345678901');
    expect(await fixture.balance('revenue')).toBe(-12_345_678_901n);
    expect((await fixture.balance('receivable', 'acme')) + row.carry_out_nanos).toBe(12_345_678_901n);
  });

  test('what a wallet has paid is not asked for again', async () => {
    await fixture.addCustomer('acme');
    await fixture.use({ customer: 'acme', atMs: march(3), chargeNanos: usd(500), fromCreditNanos: usd(320) });
    const { row, lines } = await fixture.bill('acme', 3);
    expect(lines.map(({ kind, amountNanos }) => [kind, amountNanos])).toEqual([
      ['usage', usd(500)],
      ['prepaid', -usd(320)],
    ]);
    expect(row.total_nanos).toBe(usd(180));
    expect(await fixture.balance('accrued', 'acme')).toBe(0n);
  });
});

describe('plans', () => {
  test('[money 59] fees of a month with two plans are divided by days and add up', async () => {
    await fixture.addCustomer('acme');
    const changeMs = Date.UTC(2026, 5, 20);
    const terms = { baseFee: '49.00' };
    await fixture.subscribe('acme', terms, { fromMs: 0, untilMs: changeMs, plan: 'old' });
    await fixture.subscribe('acme', terms, { fromMs: changeMs, plan: 'new' });
    fixture.nowMs = Date.UTC(2026, 6, 2);
    const { lines } = await fixture.bill('acme', 6);
    expect(lines.map(({ amountNanos }) => amountNanos)).toEqual([usd(3103), usd(1797)]);
    expect(await fixture.balance('revenue')).toBe(-usd(4900));
    expect(await fixture.balance('accrued', 'acme')).toBe(0n);
  });

  test('[money 57] included units and steps settle what was charged at the first price', async () => {
    await fixture.addCustomer('acme');
    const steps = [{ upTo: '1000000', price: '3' }, { price: '2' }];
    const meters = [{ name: 'tokens', buckets: ['input' as const], includedUnitsPerSeat: '100000', steps }];
    await fixture.subscribe('acme', { seatFee: '20', meters }, { fromMs: 0, seats: 5 });
    const units = 3_000_000n;
    await fixture.use({ customer: 'acme', atMs: march(3), chargeNanos: units * 3000n, columns: { input: units } });
    const { lines, row } = await fixture.bill('acme', 3);
    expect(lines.map(({ kind, amountNanos }) => [kind, amountNanos])).toEqual([
      ['seats', usd(10_000)],
      ['usage', usd(900)],
      ['settlement', usd(600) - usd(900)],
    ]);
    expect(row.total_nanos).toBe(usd(10_600));
    expect(await fixture.balance('accrued', 'acme')).toBe(0n);
  });

  test('[money 65] a commitment is topped up', async () => {
    await fixture.addCustomer('acme');
    await fixture.subscribe('acme', { commitment: '500' }, { fromMs: 0 });
    await fixture.use({ customer: 'acme', atMs: march(3), chargeNanos: usd(41_234) });
    const { lines, row } = await fixture.bill('acme', 3);
    expect(lines.at(-1)).toMatchObject({ kind: 'commitment', amountNanos: usd(8766) });
    expect(row.total_nanos).toBe(usd(50_000));
  });

  test('days without a plan are billed at cost', async () => {
    await fixture.addCustomer('acme');
    await fixture.subscribe('acme', { baseFee: '31' }, { fromMs: Date.UTC(2026, 2, 11) });
    await fixture.use({ customer: 'acme', atMs: march(2), chargeNanos: usd(7) });
    const { lines } = await fixture.bill('acme', 3);
    expect(lines.map(({ planVersionId, amountNanos }) => [planVersionId, amountNanos])).toEqual([
      ['at-cost@1', usd(7)],
      ['acme-plan@1', usd(2100)],
    ]);
  });
});

describe('what is closed stays closed', () => {
  test('[money 67] a late fact is an adjustment of the next invoice, and the old one keeps its bytes', async () => {
    await fixture.addCustomer('acme');
    await fixture.use({ customer: 'acme', atMs: march(3), chargeNanos: usd(100), model: 'a' });
    const first = await fixture.bill('acme', 3);
    const before = await frozenOf(first.row.id);
    await fixture.use({ customer: 'acme', atMs: march(3), chargeNanos: usd(5), model: 'a' });
    await fixture.use({ customer: 'acme', atMs: march(9), chargeNanos: usd(1), model: 'late' });
    fixture.nowMs = Date.UTC(2026, 4, 2);
    await fixture.use({ customer: 'acme', atMs: Date.UTC(2026, 3, 5), chargeNanos: usd(10), model: 'a' });
    const second = await fixture.bill('acme', 4);
    expect(second.lines.map(({ kind, description, amountNanos }) => [kind, description, amountNanos])).toEqual([
      ['usage', 'a', usd(10)],
      ['adjustment', 'Adjustment 2026-03-01/2026-04-01: a', usd(5)],
      ['adjustment', 'Adjustment 2026-03-01/2026-04-01: late', usd(1)],
    ]);
    expect(await frozenOf(first.row.id)).toEqual(before);
    expect(await fixture.balance('accrued', 'acme')).toBe(0n);
    fixture.nowMs = Date.UTC(2026, 5, 2);
    expect((await fixture.bill('acme', 5)).lines).toEqual([]);
  });

  test('the database refuses to change or remove what has a number', async () => {
    await fixture.addCustomer('acme');
    await fixture.use({ customer: 'acme', atMs: march(3), chargeNanos: usd(100) });
    const { row } = await fixture.bill('acme', 3);
    const { db } = database();
    const refused = 'never change';
    await expect(db.updateTable('invoice').set({ total_nanos: 0n }).where('id', '=', row.id).execute()).rejects.toThrow(
      refused,
    );
    await expect(db.deleteFrom('invoice').where('id', '=', row.id).execute()).rejects.toThrow(refused);
    await expect(db.deleteFrom('invoice_line').where('invoice_id', '=', row.id).execute()).rejects.toThrow(refused);
    const line = db.updateTable('invoice_line').set({ amount_nanos: 0n }).where('invoice_id', '=', row.id);
    await expect(line.execute()).rejects.toThrow(refused);
  });

  test('a credit note takes an invoice back whole, and the month can be billed again', async () => {
    await fixture.addCustomer('acme');
    await fixture.subscribe('acme', { baseFee: '10' }, { fromMs: 0 });
    await fixture.use({ customer: 'acme', atMs: march(3), chargeNanos: 1_234_567_890n });
    const wrong = await fixture.bill('acme', 3);
    const note = await fixture.book.void(wrong.row.id, 'wrong plan');
    expect(note.document).toMatchObject({ number: 'CN-000001', credits: 'INV-000001', totalNanos: '-11230000000' });
    expect((await fixture.book.find(wrong.row.id))?.row.status).toBe('void');
    expect(await fixture.balance('receivable', 'acme')).toBe(0n);
    expect(await fixture.balance('accrued', 'acme')).toBe(1_234_567_890n);
    const again = await fixture.bill('acme', 3);
    expect(again.row).toMatchObject({ number: 2n, total_nanos: wrong.row.total_nanos, carry_in_nanos: 0n });
  });

  test('a payment clears what is owed, once', async () => {
    await fixture.addCustomer('acme');
    await fixture.use({ customer: 'acme', atMs: march(3), chargeNanos: usd(100) });
    const { row } = await fixture.bill('acme', 3);
    await fixture.book.pay(row.id, 'bank 17');
    expect((await fixture.book.pay(row.id, 'bank 17')).row.status).toBe('paid');
    await expect(fixture.book.pay(row.id, 'bank 18')).rejects.toThrow('is paid');
    expect(await fixture.balance('receivable', 'acme')).toBe(0n);
    await expect(fixture.book.void(row.id, 'late')).rejects.toThrow('is paid');
  });

  test('a month that runs, an unknown charge and a second invoice are refused', async () => {
    await fixture.addCustomer('acme');
    const draft = await fixture.book.draft({ customer: 'acme', year: 2026, month: 4 });
    await expect(fixture.book.finalise(draft.row.id)).rejects.toThrow('has not ended');
    await fixture.use({ customer: 'acme', atMs: march(3), chargeNanos: 0n, columns: { unpriced: 2n } });
    const unpriced = await fixture.book.draft({ customer: 'acme', year: 2026, month: 3 });
    await expect(fixture.book.finalise(unpriced.row.id)).rejects.toThrow('the charge of 2 requests is unknown');
    const accepted = await fixture.book.finalise(unpriced.row.id, { acceptUnpriced: true });
    expect(accepted.document?.unpricedRequests).toBe('2');
    await expect(fixture.book.draft({ customer: 'acme', year: 2026, month: 3 })).rejects.toThrow(LedgerError);
    await expect(fixture.book.draft({ customer: 'nobody', year: 2026, month: 3 })).rejects.toThrow(
      'no customer nobody',
    );
  });

  test('numbers follow each other without gaps, though drafts fail and are closed at once', async () => {
    const customers = Array.from({ length: 8 }, (_, index) => `c${index}`);
    for (const customer of customers) {
      await fixture.addCustomer(customer);
      await fixture.use({
        customer,
        atMs: march(3),
        chargeNanos: usd(1),
        ...(customer === 'c3' && { columns: { unpriced: 1n } }),
      });
    }
    const results = await Promise.allSettled(customers.map((customer) => fixture.bill(customer, 3)));
    const numbers = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value.row.number] : []));
    expect(numbers.toSorted()).toEqual([1n, 2n, 3n, 4n, 5n, 6n, 7n]);
    expect((await fixture.book.list({ limit: 3, status: 'finalised' })).length).toBe(3);
  });

  test('a draft shows the present, and can be thrown away', async () => {
    await fixture.addCustomer('acme');
    const first = await fixture.book.draft({ customer: 'acme', year: 2026, month: 3, settings: { dueDays: 5 } });
    await fixture.use({ customer: 'acme', atMs: march(3), chargeNanos: usd(100) });
    const second = await fixture.book.draft({ customer: 'acme', year: 2026, month: 3 });
    expect(second.row).toMatchObject({ id: first.row.id, total_nanos: usd(100) });
    expect((await fixture.book.finalise(first.row.id)).document).toMatchObject({
      issuedOn: '2026-04-02',
      dueOn: '2026-04-07',
    });
    await fixture.addCustomer('b');
    const draft = await fixture.book.draft({ customer: 'b', year: 2026, month: 3 });
    await fixture.book.discard(draft.row.id);
    expect(await fixture.book.find(draft.row.id)).toBeUndefined();
  });
});
