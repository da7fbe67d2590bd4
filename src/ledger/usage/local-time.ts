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

/** SQL for the start of the local day or month that an instant lies in, in epoch milliseconds. */
export function localStart(column: string, unit: 'day' | 'month', timeZone: string): RawBuilder<unknown> {
  const local = sql`(to_timestamp(${sql.ref(column)} / 1000.0) AT TIME ZONE ${timeZone})`;
  return sql`(extract(epoch FROM date_trunc(${unit}, ${local}) AT TIME ZONE ${timeZone}) * 1000)::bigint`;
}
