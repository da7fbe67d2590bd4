import type { AuditRow, SkippedRecord } from '../audit-row.ts';
import type { LogRecord } from '../reading/log-record.ts';

/** A kind of file that people already have. */
export interface LogFormat {
  readonly id: string;
  readonly title: string;
  /** Columns that are read, or known and rightly ignored; all others are named in the report. */
  readonly columns: ReadonlySet<string>;
  /** Whether a record with these columns is of this format. */
  matches(columns: ReadonlySet<string>): boolean;
  /** Reads a record. Throws a `RowProblem` for one that cannot be used. */
  read(record: LogRecord): readonly AuditRow[] | SkippedRecord;
}

/** Whether all of some columns are there. */
export function hasAll(columns: ReadonlySet<string>, names: readonly string[]): boolean {
  return names.every((name) => columns.has(name));
}

/** Whether one of some columns is there. */
export function hasAny(columns: ReadonlySet<string>, names: readonly string[]): boolean {
  return names.some((name) => columns.has(name));
}
