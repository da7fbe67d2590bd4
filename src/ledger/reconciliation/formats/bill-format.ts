import type { UsageBucket } from '../../../domain/rating/usage.ts';
import type { BillCell } from '../bill.ts';
import type { BillRecord } from '../bill-record.ts';

/** How one kind of export is recognised and read. */
export interface BillFormat {
  readonly id: string;
  /** The host whose bill it is, unless the one who imports says otherwise. */
  readonly host: string;
  /** Every column that is known, read or not. */
  readonly columns: ReadonlySet<string>;
  matches(columns: ReadonlySet<string>): boolean;
  /** Cells of a row; none when the row is about something that is not compared. Throws a RowError. */
  read(record: BillRecord): readonly BillCell[];
}

/** Splits names of columns. */
export function columnSet(...lines: readonly string[]): ReadonlySet<string> {
  return new Set(lines.join(' ').split(' '));
}

/** Cells of the units of a row, one per bucket that has any. */
export function unitCells(
  row: { readonly day: number; readonly model: string; readonly key: string },
  units: { readonly [Bucket in UsageBucket]?: bigint | undefined },
): BillCell[] {
  return Object.entries(units).flatMap(([bucket, count]) =>
    count === undefined || count === 0n
      ? []
      : [{ ...row, bucket: bucket as UsageBucket, units: count, amountNanos: null }],
  );
}

/** The cell of an amount that is not told by bucket. */
export function amountCell(
  row: { readonly day: number; readonly model: string; readonly key: string },
  amountNanos: bigint,
  bucket: UsageBucket | '' = '',
): BillCell {
  return { ...row, bucket, units: null, amountNanos };
}
