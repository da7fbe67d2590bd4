import { type RawBuilder, sql } from 'kysely';
import { localDayAt, startOfLocalDay } from '../../domain/money/periods.ts';

const dayMs = 86_400_000;

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
 * SQL for the start of the local day or month that an instant of the span lies in, in epoch milliseconds. Starts are
 * listed once: asking the calendar for every row takes longer than adding the rows up.
 */
export function localStart(column: string, span: LocalSpan): RawBuilder<unknown> {
  return span.unit === 'day' ? dayStart(column, span) : monthStart(column, span);
}

/** Days that follow each other regularly are found by division; only those on which clocks change are named. */
function dayStart(column: string, { fromMs, toMs, timeZone }: LocalSpan): RawBuilder<unknown> {
  const at = sql.ref(column);
  const whole = (startMs: number): RawBuilder<unknown> =>
    sql`${sql.lit(startMs)} + (${at} - ${sql.lit(startMs)}) / ${sql.lit(dayMs)} * ${sql.lit(dayMs)}`;
  const runs = regularRuns(localDayStarts(fromMs, toMs, timeZone));
  const cases = runs.map(({ startMs, endMs, isRegular }) => {
    const start = isRegular ? whole(startMs) : sql`${sql.lit(startMs)}::bigint`;
    return sql`WHEN ${at} < ${sql.lit(endMs)} THEN ${start}`;
  });
  return sql`CASE ${sql.join(cases, sql` `)} END`;
}

/** The starts of every local day of the span, and that of the day behind it. */
function localDayStarts(fromMs: number, toMs: number, timeZone: string): number[] {
  const first = localDayAt(fromMs, timeZone);
  const last = localDayAt(toMs - 1, timeZone) + 1;
  const starts = [startOfLocalDay(first, timeZone)];
  for (let day = first + 1; day <= last; day += 1) {
    const usualMs = (starts.at(-1) ?? 0) + dayMs;
    // Two looks at the calendar tell that it is right; the search for another takes dozens.
    const isUsual = localDayAt(usualMs, timeZone) === day && localDayAt(usualMs - 1, timeZone) === day - 1;
    starts.push(isUsual ? usualMs : startOfLocalDay(day, timeZone));
  }
  return starts;
}

interface DayRun {
  readonly startMs: number;
  endMs: number;
  readonly isRegular: boolean;
}

function regularRuns(starts: readonly number[]): DayRun[] {
  const runs: DayRun[] = [];
  for (const [index, endMs] of starts.entries()) {
    const startMs = starts[index - 1];
    if (startMs === undefined || startMs === endMs) continue;
    const isRegular = endMs - startMs === dayMs;
    const last = runs.at(-1);
    if (isRegular && last?.isRegular === true) last.endMs = endMs;
    else runs.push({ startMs, endMs, isRegular });
  }
  return runs;
}

function monthStart(column: string, { fromMs, toMs, timeZone }: LocalSpan): RawBuilder<unknown> {
  const local = (atMs: number): RawBuilder<unknown> =>
    sql`to_timestamp(${atMs}::bigint / 1000.0) AT TIME ZONE ${timeZone}::text`;
  const starts = sql`ARRAY(
    SELECT (extract(epoch FROM local AT TIME ZONE ${timeZone}::text) * 1000)::bigint
    FROM generate_series(date_trunc('month', ${local(fromMs)}), ${local(toMs)}, '1 month'::interval) AS local
    ORDER BY 1)`;
  return sql`(${starts})[width_bucket(${sql.ref(column)}, ${starts})]`;
}
