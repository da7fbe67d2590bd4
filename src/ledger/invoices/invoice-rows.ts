import { type Kysely, type Selectable, sql } from 'kysely';
import type { BillingPeriod } from '../../domain/money/periods.ts';
import type { Tables } from '../../storage/index.ts';
import { LedgerError } from '../ledger-error.ts';
import { readLines } from './compute-invoice.ts';
import { freezeDocument, type InvoiceDocument, readDocument } from './invoice-document.ts';
import type { InvoiceLine } from './invoice-line.ts';

/** A stored invoice or credit note. */
export type InvoiceRow = Selectable<Tables['invoice']>;

/** An invoice or credit note as the control API shows it. */
export interface Invoice {
  readonly row: Omit<InvoiceRow, 'document' | 'settings'>;
  readonly lines: readonly InvoiceLine[];
  /** Absent while a draft. */
  readonly document: InvoiceDocument | undefined;
}

/** What lists show of an invoice. */
export const shownColumns = [
  'id',
  'kind',
  'customer',
  'status',
  'number',
  'currency',
  'time_zone',
  'start_day',
  'end_day',
  'start_ms',
  'end_ms',
  'net_nanos',
  'carry_in_nanos',
  'carry_out_nanos',
  'total_nanos',
  'document_sha256',
  'credits_invoice_id',
  'created_at_ms',
  'finalised_at_ms',
  'paid_at_ms',
  'payment_reference',
  'voided_at_ms',
] as const;

/** Reads an invoice with its lines. */
export async function showInvoice(executor: Kysely<Tables>, id: string): Promise<Invoice> {
  const columns = [...shownColumns, 'document'] as const;
  const found = await executor.selectFrom('invoice').select(columns).where('id', '=', id).executeTakeFirstOrThrow();
  const { document, ...row } = found;
  const lines = await readLines(executor, [id]);
  return { row, lines, document: document === null ? undefined : readDocument(document) };
}

/** Waits for the right to give the next number of a kind; other documents wait until this transaction ends. */
export async function lockNumbers(trx: Kysely<Tables>, kind: 'invoice' | 'credit_note'): Promise<bigint> {
  const row = await trx
    .selectFrom('invoice_number')
    .select('next_number')
    .where('kind', '=', kind)
    .forUpdate()
    .executeTakeFirstOrThrow();
  return row.next_number;
}

/** Reads an invoice and keeps others from changing it. */
export async function findForUpdate(trx: Kysely<Tables>, id: string): Promise<InvoiceRow> {
  const row = await trx.selectFrom('invoice').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
  if (!row) throw new LedgerError('invalid', `there is no invoice ${id}`);
  return row;
}

/** The invoice of a period, unless it was taken back. */
export async function findOfPeriod(
  trx: Kysely<Tables>,
  customer: string,
  period: BillingPeriod,
): Promise<InvoiceRow | undefined> {
  return trx
    .selectFrom('invoice')
    .selectAll()
    .where('customer', '=', customer)
    .where('kind', '=', 'invoice')
    .where('status', '<>', 'void')
    .where('start_day', '=', period.startDay)
    .executeTakeFirst();
}

/** Gives a draft its number and its final text. */
export async function freezeInvoice(
  trx: Kysely<Tables>,
  frozen: { id: string; number: bigint; document: InvoiceDocument; nowMs: number },
): Promise<void> {
  const { id, number, document, nowMs } = frozen;
  const { text, sha256 } = freezeDocument(document);
  await trx
    .updateTable('invoice')
    .set({ status: 'finalised', number, document: text, document_sha256: sha256, finalised_at_ms: BigInt(nowMs) })
    .where('id', '=', id)
    .execute();
  await sql`UPDATE invoice_number SET next_number = ${number + 1n} WHERE kind = ${document.kind}`.execute(trx);
}

/** Writes the lines of a draft. */
export async function writeLines(trx: Kysely<Tables>, invoiceId: string, lines: readonly InvoiceLine[]): Promise<void> {
  if (lines.length === 0) return;
  const rows = lines.map((line, position) => ({
    invoice_id: invoiceId,
    position,
    key: line.key,
    kind: line.kind,
    description: line.description,
    units: line.units,
    unit: line.unit,
    picos_per_unit: line.picosPerUnit,
    plan_version: line.planVersionId,
    covers_start_day: line.coversStartDay,
    covers_end_day: line.coversEndDay,
    amount_nanos: line.amountNanos,
    is_booked: line.isBooked,
    segments_sha256: line.segmentsSha256,
  }));
  const chunkSize = 1000;
  for (let start = 0; start < rows.length; start += chunkSize) {
    await trx
      .insertInto('invoice_line')
      .values(rows.slice(start, start + chunkSize))
      .execute();
  }
}

/** The line that takes another back. */
export function takenBack(line: InvoiceLine): InvoiceLine {
  return { ...line, kind: 'credit', units: line.units === null ? null : -line.units, amountNanos: -line.amountNanos };
}

/** The period that an invoice bills. */
export function periodOf(row: InvoiceRow): BillingPeriod {
  return {
    timeZone: row.time_zone,
    startDay: row.start_day,
    endDay: row.end_day,
    startMs: Number(row.start_ms),
    endMs: Number(row.end_ms),
  };
}

/** A row before anything is computed. */
export function emptyDraft(draft: {
  readonly id: string;
  readonly customer: string;
  readonly currency: string;
  readonly period: BillingPeriod;
  readonly nowMs: number;
}): Omit<InvoiceRow, 'settings'> {
  const { period } = draft;
  return {
    id: draft.id,
    kind: 'invoice',
    customer: draft.customer,
    status: 'draft',
    number: null,
    currency: draft.currency,
    time_zone: period.timeZone,
    start_day: period.startDay,
    end_day: period.endDay,
    start_ms: BigInt(period.startMs),
    end_ms: BigInt(period.endMs),
    net_nanos: 0n,
    carry_in_nanos: 0n,
    carry_out_nanos: 0n,
    total_nanos: 0n,
    document: null,
    document_sha256: null,
    credits_invoice_id: null,
    created_at_ms: BigInt(draft.nowMs),
    finalised_at_ms: null,
    paid_at_ms: null,
    payment_reference: null,
    voided_at_ms: null,
  };
}
