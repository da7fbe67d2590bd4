import type { Kysely } from 'kysely';
import type { BillingPeriod } from '../../domain/money/periods.ts';
import type { Tables } from '../../storage/index.ts';
import { LedgerError } from '../ledger-error.ts';
import { buildAdjustments } from './adjustments.ts';
import { buildLines } from './build-lines.ts';
import type { InvoiceLine, InvoiceLineKind } from './invoice-line.ts';
import { type ExchangeRate, type InvoiceTotals, type Tax, totalsOf } from './invoice-totals.ts';
import { type BilledCustomer, type BillingOrganisation, readParties, readTerms } from './read-terms.ts';
import { countUnpriced, hashSegments, readPaidFromCredit, readSpanUse } from './read-use.ts';

/** How far back closed periods are compared with what was billed for them. */
const comparedInvoices = 13;

/** What is decided for one invoice besides what was used. */
export interface InvoiceSettings {
  readonly taxes: readonly Tax[];
  readonly exchange: ExchangeRate | undefined;
  readonly dueDays: number;
}

/** An invoice as the present facts make it. */
export interface ComputedInvoice {
  readonly customer: BilledCustomer;
  readonly organisation: BillingOrganisation;
  readonly lines: readonly InvoiceLine[];
  readonly totals: InvoiceTotals;
  readonly unpricedRequests: bigint;
}

/** What is to be computed. */
export interface InvoiceQuery {
  readonly customer: string;
  readonly period: BillingPeriod;
  readonly settings: InvoiceSettings;
}

/** Computes an invoice from usage, terms and earlier invoices; changes nothing. */
export async function computeInvoice(executor: Kysely<Tables>, query: InvoiceQuery): Promise<ComputedInvoice> {
  const { period, settings } = query;
  const parties = await readParties(executor, query.customer);
  if (!parties) throw new LedgerError('invalid', `there is no customer ${query.customer}`);
  const { currency } = parties.organisation;
  if (currency !== (settings.exchange?.currency ?? 'USD')) {
    throw new LedgerError(
      'invalid',
      `${query.customer} is billed in ${currency}: give the exchange rate from USD to it`,
    );
  }
  const lines = [
    ...(await periodLines(executor, query.customer, period)),
    ...(await adjustmentLines(executor, query.customer, period)),
  ];
  const carryInUsdNanos = await readCarry(executor, query.customer, currency);
  const netUsdNanos = lines.reduce((sum, { amountNanos }) => sum + amountNanos, 0n);
  const { taxes, exchange } = settings;
  return {
    ...parties,
    lines,
    totals: totalsOf({ netUsdNanos, carryInUsdNanos, taxes, exchange }),
    unpricedRequests: await countUnpriced(executor, query.customer, period),
  };
}

/** Reads the lines of stored invoices. */
export async function readLines(
  executor: Kysely<Tables>,
  invoiceIds: readonly string[],
): Promise<readonly InvoiceLine[]> {
  if (invoiceIds.length === 0) return [];
  const rows = await executor
    .selectFrom('invoice_line')
    .selectAll()
    .where('invoice_id', 'in', invoiceIds)
    .orderBy('invoice_id')
    .orderBy('position')
    .execute();
  return rows.map((row) => ({
    key: row.key,
    kind: row.kind as InvoiceLineKind,
    description: row.description,
    units: row.units,
    unit: row.unit,
    picosPerUnit: row.picos_per_unit,
    planVersionId: row.plan_version,
    coversStartDay: row.covers_start_day,
    coversEndDay: row.covers_end_day,
    amountNanos: row.amount_nanos,
    isBooked: row.is_booked,
    segmentsSha256: row.segments_sha256,
  }));
}

async function periodLines(executor: Kysely<Tables>, customer: string, period: BillingPeriod): Promise<InvoiceLine[]> {
  const spans = [];
  for (const span of await readTerms(executor, customer, period)) {
    spans.push(await readSpanUse(executor, { customer, timeZone: period.timeZone, span }));
  }
  return buildLines({
    period,
    spans,
    paidFromCreditNanos: await readPaidFromCredit(executor, customer, period),
    segmentsSha256: await hashSegments(executor, customer, period),
  });
}

/** What has come in since for periods that are billed already. */
async function adjustmentLines(
  executor: Kysely<Tables>,
  customer: string,
  period: BillingPeriod,
): Promise<InvoiceLine[]> {
  const billed = await executor
    .selectFrom('invoice')
    .select(['id', 'time_zone', 'start_day', 'end_day', 'start_ms', 'end_ms'])
    .where('customer', '=', customer)
    .where('kind', '=', 'invoice')
    .where('status', 'in', ['finalised', 'paid'])
    .where('start_day', '<', period.startDay)
    .orderBy('start_day', 'desc')
    .limit(comparedInvoices)
    .execute();
  const lines = await readLines(
    executor,
    billed.map(({ id }) => id),
  );
  const adjustments: InvoiceLine[] = [];
  for (const row of billed) {
    const covered = {
      timeZone: row.time_zone,
      startDay: row.start_day,
      endDay: row.end_day,
      startMs: Number(row.start_ms),
      endMs: Number(row.end_ms),
    };
    const before = lines.filter(
      ({ coversStartDay }) => coversStartDay >= row.start_day && coversStartDay < row.end_day,
    );
    adjustments.push(...buildAdjustments(await periodLines(executor, customer, covered), before));
  }
  return adjustments;
}

/** Remainders of all documents so far that no later one has taken up. */
async function readCarry(executor: Kysely<Tables>, customer: string, currency: string): Promise<bigint> {
  const { carried, taken } = await executor
    .selectFrom('invoice')
    .select((of) => [
      of.fn.sum<bigint | null>('carry_out_nanos').as('carried'),
      of.fn.sum<bigint | null>('carry_in_nanos').as('taken'),
    ])
    .where('customer', '=', customer)
    .where('currency', '=', currency)
    .where('status', '<>', 'draft')
    .executeTakeFirstOrThrow();
  return (carried ?? 0n) - (taken ?? 0n);
}
