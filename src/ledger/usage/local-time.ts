import { type RawBuilder, sql } from 'kysely';

/** Whether a name is a time zone that calendars know. */
export function isRegularZone(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone });
    return true;
  } catch {
    return false;
  }
}

/** A span of time, and what it is cut into in a zone. */
export interface LocalSpan {
  readonly fromMs: number;
  readonly toMs: number;
  readonly unit: 'day' | 'month';
  readonly timeZone: string;
}

/**
 * SQL for the start of the local day or month that an instant of the span lies in, in epoch milliseconds. The starts
 * are listed once and searched: asking the calendar for every row takes longer than adding the rows up.
 */
export function localStart(column: string, { fromMs, toMs, unit, timeZone }: LocalSpan): RawBuilder<unknown> {
  const local = (atMs: number): RawBuilder<unknown> =>
    sql`to_timestamp(${atMs}::bigint / 1000.0) AT TIME ZONE ${timeZone}::text`;
  const starts = sql`ARRAY(
    SELECT (extract(epoch FROM local AT TIME ZONE ${timeZone}::text) * 1000)::bigint
    FROM generate_series(date_trunc(${unit}::text, ${local(fromMs)}), ${local(toMs)}, ${`1 ${unit}`}::interval) AS local
    ORDER BY 1)`;
  return sql`(${starts})[width_bucket(${sql.ref(column)}, ${starts})]`;
}
