import { localDayAt, monthAt, periodOfDays } from '../../domain/money/periods.ts';
import type { BudgetPeriod } from './contract.ts';

/** Half-open span of time that a budget counts together. */
export interface PeriodSpan {
  readonly startMs: number;
  /** Infinity for lifetimes. */
  readonly endMs: number;
}

const lifetime: PeriodSpan = { startMs: 0, endMs: Number.POSITIVE_INFINITY };
const maxZones = 1_000;

/**
 * Finds the period of an instant in a time zone. Remembers the current ones: nearly every question is about now.
 * Days are those of the local calendar, of 23 and 25 hours too.
 */
export class PeriodCalendar {
  readonly #current = new Map<string, Partial<Record<BudgetPeriod, PeriodSpan>>>();

  periodAt(period: BudgetPeriod, atMs: number, timeZone: string): PeriodSpan {
    if (period === 'lifetime') return lifetime;
    let spans = this.#current.get(timeZone);
    if (spans === undefined) {
      spans = {};
      if (this.#current.size >= maxZones) this.#current.clear();
      this.#current.set(timeZone, spans);
    }
    const known = spans[period];
    if (known !== undefined && atMs >= known.startMs && atMs < known.endMs) return known;
    const span = periodOf(period, atMs, timeZone);
    // A question about the past does not displace the present.
    if (known === undefined || span.startMs > known.startMs) spans[period] = span;
    return span;
  }
}

/** The period of an instant, computed anew. */
export function periodOf(period: BudgetPeriod, atMs: number, timeZone: string): PeriodSpan {
  if (period === 'lifetime') return lifetime;
  if (period === 'month') return spanOf(monthAt(atMs, timeZone));
  const day = localDayAt(atMs, timeZone);
  if (period === 'day') return spanOf(periodOfDays(day, day + 1, timeZone));
  // Weeks start on Monday; 1970-01-01 was a Thursday.
  const monday = day - ((((day + 3) % 7) + 7) % 7);
  return spanOf(periodOfDays(monday, monday + 7, timeZone));
}

/** Whether a name is a time zone this machine knows. */
export function isTimeZone(name: string): boolean {
  try {
    localDayAt(0, name);
    return true;
  } catch {
    // Intl throws a RangeError for unknown names: that is the answer.
    return false;
  }
}

function spanOf({ startMs, endMs }: PeriodSpan): PeriodSpan {
  return { startMs, endMs };
}
