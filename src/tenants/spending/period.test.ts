import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { isTimeZone, PeriodCalendar, periodOf } from './period.ts';

const hourMs = 3_600_000;
const iso = (atMs: number): string => new Date(atMs).toISOString();
const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Pacific/Chatham', 'America/Santiago'];

describe('periods', () => {
  it('of days have 23 and 25 hours where the clock changes', () => {
    const spring = periodOf('day', Date.UTC(2026, 2, 29, 10), 'Europe/Berlin');
    expect([iso(spring.startMs), (spring.endMs - spring.startMs) / hourMs]).toEqual(['2026-03-28T23:00:00.000Z', 23]);
    const autumn = periodOf('day', Date.UTC(2026, 9, 25, 10), 'Europe/Berlin');
    expect((autumn.endMs - autumn.startMs) / hourMs).toBe(25);
  });

  it('begin later where midnight does not exist', () => {
    const day = periodOf('day', Date.UTC(2026, 8, 6, 12), 'America/Santiago');
    expect([iso(day.startMs), (day.endMs - day.startMs) / hourMs]).toEqual(['2026-09-06T04:00:00.000Z', 23]);
  });

  it('of weeks begin on Monday, of months on the first', () => {
    const week = periodOf('week', Date.UTC(2026, 10, 22, 12), 'UTC');
    expect([iso(week.startMs), iso(week.endMs)]).toEqual(['2026-11-16T00:00:00.000Z', '2026-11-23T00:00:00.000Z']);
    const month = periodOf('month', Date.UTC(2026, 11, 31, 23), 'Asia/Kolkata');
    expect([iso(month.startMs), iso(month.endMs)]).toEqual(['2026-12-31T18:30:00.000Z', '2027-01-31T18:30:00.000Z']);
    expect(periodOf('lifetime', 5, 'UTC')).toEqual({ startMs: 0, endMs: Number.POSITIVE_INFINITY });
  });

  it('leave no gap and do not overlap, and the remembered one is the computed one', () => {
    const calendar = new PeriodCalendar();
    fc.assert(
      fc.property(
        fc.constantFrom('day' as const, 'week' as const, 'month' as const),
        fc.constantFrom(...zones),
        fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2035, 0) }),
        (period, zone, atMs) => {
          const span = calendar.periodAt(period, atMs, zone);
          expect(span).toEqual(periodOf(period, atMs, zone));
          expect(span.startMs <= atMs && atMs < span.endMs).toBe(true);
          expect(periodOf(period, span.endMs, zone).startMs).toBe(span.endMs);
          expect(periodOf(period, span.startMs - 1, zone).endMs).toBe(span.startMs);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('know zones of this machine only', () => {
    expect(['Europe/Berlin', 'UTC', 'Mars/Base'].map(isTimeZone)).toEqual([true, true, false]);
  });
});
