import { createHash } from 'node:crypto';
import { formatDay } from '../../domain/money/periods.ts';
import { canonicalJson } from './canonical-json.ts';
import type { InvoiceLine } from './invoice-line.ts';
import type { InvoiceTotals } from './invoice-totals.ts';
import type { BilledCustomer, BillingOrganisation } from './read-terms.ts';

/** A line as a document shows it. */
export interface DocumentLine {
  readonly key: string;
  readonly kind: string;
  readonly description: string;
  readonly units: string | null;
  readonly unit: string;
  readonly picosPerUnit: string | null;
  readonly planVersion: string;
  readonly coversFrom: string;
  readonly coversUntil: string;
  readonly amountNanos: string;
  readonly segmentsSha256: string | null;
}

/** An invoice or credit note as it is frozen: everything that any rendering of it shows. Amounts are nanos, as text. */
export interface InvoiceDocument {
  readonly format: 'switchyard.invoice/1';
  readonly id: string;
  readonly kind: 'invoice' | 'credit_note';
  readonly number: string;
  /** Number of the invoice that a credit note takes back. */
  readonly credits?: string;
  readonly reason?: string;
  readonly organisation: { readonly name: string };
  readonly customer: {
    readonly id: string;
    readonly displayName: string;
    readonly billing: { readonly [name: string]: string };
  };
  readonly period: { readonly from: string; readonly until: string; readonly timeZone: string };
  readonly issuedOn: string;
  readonly dueOn: string;
  readonly currency: string;
  readonly exchange?: {
    readonly rate: string;
    readonly rateDate: string;
    readonly source: string;
  };
  /** In USD, exact. */
  readonly lines: readonly DocumentLine[];
  readonly netUsdNanos: string;
  readonly carryInUsdNanos: string;
  readonly carryOutUsdNanos: string;
  /** In the document's currency. */
  readonly exactNanos: string;
  readonly roundedNanos: string;
  readonly taxes: readonly { readonly name: string; readonly ratePpm: string; readonly amountNanos: string }[];
  readonly totalNanos: string;
  /** The total in USD, as the ledger has it. */
  readonly totalUsdNanos: string;
  /** Requests whose charge is unknown: they are not in the lines. */
  readonly unpricedRequests: string;
}

/** What a document is written from. */
export interface DocumentParts {
  readonly id: string;
  readonly kind: 'invoice' | 'credit_note';
  readonly number: bigint;
  readonly customer: BilledCustomer;
  readonly organisation: BillingOrganisation;
  readonly period: { readonly startDay: number; readonly endDay: number; readonly timeZone: string };
  readonly issuedDay: number;
  readonly dueDay: number;
  readonly lines: readonly InvoiceLine[];
  readonly totals: InvoiceTotals;
  readonly unpricedRequests: bigint;
}

/** Writes the document of an invoice. */
export function writeDocument(parts: DocumentParts): InvoiceDocument {
  const { customer, totals, period } = parts;
  return {
    format: 'switchyard.invoice/1',
    id: parts.id,
    kind: parts.kind,
    number: formatNumber(parts.kind, parts.number),
    organisation: { name: parts.organisation.name },
    customer: { id: customer.id, displayName: customer.displayName, billing: customer.billing },
    period: { from: formatDay(period.startDay), until: formatDay(period.endDay), timeZone: period.timeZone },
    issuedOn: formatDay(parts.issuedDay),
    dueOn: formatDay(parts.dueDay),
    currency: totals.currency,
    ...(totals.exchange && { exchange: exchangeOf(totals.exchange) }),
    lines: parts.lines.map(writeLine),
    netUsdNanos: totals.netUsdNanos.toString(),
    carryInUsdNanos: totals.carryInUsdNanos.toString(),
    carryOutUsdNanos: totals.carryOutUsdNanos.toString(),
    exactNanos: totals.exactNanos.toString(),
    roundedNanos: totals.roundedNanos.toString(),
    taxes: totals.taxes.map(({ name, ratePpm, amountNanos }) => ({
      name,
      ratePpm: ratePpm.toString(),
      amountNanos: amountNanos.toString(),
    })),
    totalNanos: totals.totalNanos.toString(),
    totalUsdNanos: totals.totalUsdNanos.toString(),
    unpricedRequests: parts.unpricedRequests.toString(),
  };
}

/** Writes the document that takes an invoice back: the same lines and amounts with the opposite sign. */
export function writeCreditNote(
  invoice: InvoiceDocument,
  parts: { readonly id: string; readonly number: bigint; readonly issuedDay: number; readonly reason: string },
): InvoiceDocument {
  const issuedOn = formatDay(parts.issuedDay);
  return {
    ...invoice,
    id: parts.id,
    kind: 'credit_note',
    number: formatNumber('credit_note', parts.number),
    credits: invoice.number,
    reason: parts.reason,
    issuedOn,
    dueOn: issuedOn,
    lines: invoice.lines.map((line) => ({
      ...line,
      kind: 'credit',
      units: line.units === null ? null : negate(line.units),
      amountNanos: negate(line.amountNanos),
    })),
    netUsdNanos: negate(invoice.netUsdNanos),
    carryInUsdNanos: negate(invoice.carryInUsdNanos),
    carryOutUsdNanos: negate(invoice.carryOutUsdNanos),
    exactNanos: negate(invoice.exactNanos),
    roundedNanos: negate(invoice.roundedNanos),
    taxes: invoice.taxes.map((tax) => ({ ...tax, amountNanos: negate(tax.amountNanos) })),
    totalNanos: negate(invoice.totalNanos),
    totalUsdNanos: negate(invoice.totalUsdNanos),
  };
}

/** The text that is frozen, and its hash. */
export function freezeDocument(document: InvoiceDocument): { readonly text: string; readonly sha256: string } {
  const text = canonicalJson(document);
  return { text, sha256: createHash('sha256').update(text).digest('hex') };
}

/** Reads a frozen document. */
export function readDocument(text: string): InvoiceDocument {
  return JSON.parse(text) as InvoiceDocument;
}

/** `INV-000042`, `CN-000007`. */
function formatNumber(kind: 'invoice' | 'credit_note', number: bigint): string {
  return `${kind === 'invoice' ? 'INV' : 'CN'}-${number.toString().padStart(6, '0')}`;
}

function exchangeOf({ rate, rateDate, source }: NonNullable<InvoiceTotals['exchange']>): InvoiceDocument['exchange'] {
  return { rate, rateDate, source };
}

function writeLine(line: InvoiceLine): DocumentLine {
  return {
    key: line.key,
    kind: line.kind,
    description: line.description,
    units: line.units?.toString() ?? null,
    unit: line.unit,
    picosPerUnit: line.picosPerUnit?.toString() ?? null,
    planVersion: line.planVersionId,
    coversFrom: formatDay(line.coversStartDay),
    coversUntil: formatDay(line.coversEndDay),
    amountNanos: line.amountNanos.toString(),
    segmentsSha256: line.segmentsSha256,
  };
}

function negate(text: string): string {
  return (-BigInt(text)).toString();
}
