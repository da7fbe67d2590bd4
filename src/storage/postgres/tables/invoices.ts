import type { ColumnType, Generated } from 'kysely';

/** An invoice or a credit note. Once it has a number, only its payment and its voiding are still written. */
export interface InvoiceTable {
  id: string;
  kind: 'invoice' | 'credit_note';
  customer: string;
  status: 'draft' | 'finalised' | 'paid' | 'void';
  /** Without gaps per kind; null while a draft. */
  number: bigint | null;
  currency: string;
  time_zone: string;
  start_day: number;
  end_day: number;
  start_ms: bigint;
  end_ms: bigint;
  /** Exact sum of the lines, USD. */
  net_nanos: bigint;
  carry_in_nanos: bigint;
  carry_out_nanos: bigint;
  /** What is to be paid, in the invoice's currency. */
  total_nanos: bigint;
  /** Taxes, exchange rate and days to pay, as they were given for it. */
  settings: ColumnType<unknown, string, string>;
  /** Canonical JSON, frozen when finalised. */
  document: string | null;
  document_sha256: string | null;
  /** Of a credit note: the invoice it takes back. */
  credits_invoice_id: string | null;
  created_at_ms: bigint;
  finalised_at_ms: bigint | null;
  paid_at_ms: bigint | null;
  payment_reference: string | null;
  voided_at_ms: bigint | null;
}

/** One line. The key names what it bills: later facts of the same period are compared by it. */
export interface InvoiceLineTable {
  invoice_id: string;
  position: number;
  key: string;
  kind: string;
  description: string;
  units: bigint | null;
  unit: string;
  picos_per_unit: bigint | null;
  plan_version: string;
  /** First local day of the period that the line bills, which for an adjustment is an earlier one. */
  covers_start_day: number;
  covers_end_day: number;
  amount_nanos: bigint;
  /** The ledger has it from elsewhere. */
  is_booked: boolean;
  /** Of the journal segments whose facts are in it. */
  segments_sha256: string | null;
}

/** Next number of each kind of document; the lock that numbering waits for. */
export interface InvoiceNumberTable {
  kind: 'invoice' | 'credit_note';
  next_number: bigint;
}

/** Outcomes that a plan charges for. */
export interface OutcomeChargeTable {
  id: Generated<bigint>;
  operation_key: string;
  customer: string;
  request_id: string;
  kind: string;
  job: string;
  plan_version: string;
  at_ms: bigint;
  charge_nanos: bigint;
}

/** Tables of invoices. */
export interface InvoiceTables {
  invoice: InvoiceTable;
  invoice_line: InvoiceLineTable;
  invoice_number: InvoiceNumberTable;
  outcome_charge: OutcomeChargeTable;
}
