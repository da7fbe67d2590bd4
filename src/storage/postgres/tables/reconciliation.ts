import type { ColumnType } from 'kysely';

/** jsonb: written as JSON text, read as its value. */
type Json = ColumnType<unknown, string, string>;

/** A bill or usage export of a host, as it was given. */
export interface ReconciliationImportTable {
  id: string;
  host: string;
  format: string;
  name: string;
  /** Of the file: the same file is imported once. */
  sha256: string;
  rows: number;
  /** Rows that could not be read, with their lines. */
  problems: Json;
  unknown_columns: Json;
  first_day: number | null;
  last_day: number | null;
  imported_at_ms: bigint;
}

/** What a host says about one day, model, key and bucket. */
export interface ReconciliationBillTable {
  import_id: string;
  host: string;
  /** Days since 1970-01-01, in the host's own calendar. */
  day: number;
  model: string;
  key_name: string;
  /** A usage bucket, or empty for an amount that is not told by bucket. */
  bucket: string;
  units: bigint | null;
  amount_nanos: bigint | null;
}

/** A difference that was posted to the books. */
export interface ReconciliationVarianceTable {
  id: string;
  import_id: string;
  host: string;
  first_day: number;
  last_day: number;
  ours_nanos: bigint;
  theirs_nanos: bigint;
  variance_nanos: bigint;
  /** Classes found, with their shares. */
  report: Json;
  operation_key: string;
  posted_at_ms: bigint;
}

/** Tables of reconciliation with the bills of hosts. */
export interface ReconciliationTables {
  reconciliation_import: ReconciliationImportTable;
  reconciliation_bill: ReconciliationBillTable;
  reconciliation_variance: ReconciliationVarianceTable;
}
