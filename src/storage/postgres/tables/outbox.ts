import type { ColumnType, Generated } from 'kysely';

/** One message to another system. Its id is made once, before the first delivery, and never again. */
export interface OutboxTable {
  sink: string;
  event_id: string;
  kind: string;
  payload: ColumnType<unknown, string, string>;
  /** Tells a repetition from another message under the same id. */
  digest: string;
  occurred_at_ms: bigint;
  /** `superseded`: too old to be sent as it is; an adjustment went instead. */
  state: 'pending' | 'sent' | 'failed' | 'superseded';
  attempts: number;
  next_at_ms: bigint;
  /** Somebody delivers it until then. */
  claimed_until_ms: Generated<bigint>;
  /** It may have arrived: it was tried, and no answer told what became of it. */
  is_unsure: Generated<boolean>;
  last_error: string | null;
  sent_at_ms: bigint | null;
}

/** How far usage has been handed to a sink. */
export interface ExportWatermarkTable {
  sink: string;
  subject: string;
  until_ms: bigint;
}

/** Another system that is told of use, as the configuration says. */
export interface ExportSinkTable {
  name: string;
  kind: 'stripe' | 'cloudEvents';
  /** Name of the meter of each bucket. */
  meters: ColumnType<unknown, string, string>;
  /** Customers whose use is told; null is all. */
  customers: ColumnType<unknown, string | null, string | null>;
  /** Closed invoices are told as well. */
  invoice_items: Generated<boolean>;
}

/** What late use of a customer came to beyond whole cents. */
export interface ExportCarryTable {
  sink: string;
  customer: string;
  carry_nanos: bigint;
}

/** Tables of what is sent to other systems. */
export interface OutboxTables {
  outbox: OutboxTable;
  export_watermark: ExportWatermarkTable;
  export_sink: ExportSinkTable;
  export_carry: ExportCarryTable;
}
