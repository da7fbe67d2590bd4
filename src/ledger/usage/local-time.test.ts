import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { localDayAt, startOfLocalDay } from '../../domain/money/periods.ts';
import { sharedTestDatabase } from '../../storage/testing/shared-test-database.ts';
import { localStart } from './local-time.ts';

const database = sharedTestDatabase();
const hourMs = 3_600_000;

it.each([
  ['Asia/Kolkata', Date.UTC(2026, 9, 1), 40],
  ['Europe/Berlin', Date.UTC(2026, 9, 20), 12],
  ['America/New_York', Date.UTC(2026, 2, 1), 30],
  ['Africa/Cairo', Date.UTC(2026, 3, 20), 10],
  ['Australia/Lord_Howe', Date.UTC(2026, 3, 1), 10],
])('days of %s begin at its midnights, also where clocks change', async (timeZone, fromMs, days) => {
  const toMs = fromMs + days * 24 * hourMs;
  const { rows } = await sql<{ at: bigint; start: bigint }>`
    SELECT at_ms AS at, ${localStart('at_ms', { fromMs, toMs, unit: 'day', timeZone })} AS start
    FROM generate_series(${fromMs}::bigint, ${toMs - 1}::bigint, ${hourMs / 4}::bigint) AS at_ms`.execute(
    database().db,
  );
  expect(rows).toHaveLength(days * 96);
  const starts = new Map<number, number>();
  const startOf = (day: number): number => {
    const known = starts.get(day) ?? startOfLocalDay(day, timeZone);
    starts.set(day, known);
    return known;
  };
  expect(rows.filter(({ at, start }) => Number(start) !== startOf(localDayAt(Number(at), timeZone)))).toEqual([]);
});
