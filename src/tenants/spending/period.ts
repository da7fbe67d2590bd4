import type { BudgetPeriod } from './contract.ts';

/** Half-open span of time that a budget counts together. */
export interface PeriodSpan {
  readonly startMs: number;
  /** Infinity for lifetimes. */
  readonly endMs: number;
}

interface LocalDate {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
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
  const formatter = formatterOf(timeZone);
  const first = firstDay(period, localDate(atMs, formatter));
  const next = nextPeriod(period, first);
  return { startMs: startOfDay(first, formatter), endMs: startOfDay(next, formatter) };
}

/** Whether a name is a time zone this machine knows. */
export function isTimeZone(name: string): boolean {
  try {
    formatterOf(name);
    return true;
  } catch {
    // Intl throws a RangeError for unknown names: that is the answer.
    return false;
  }
}

function firstDay(period: BudgetPeriod, { year, month, day }: LocalDate): LocalDate {
  if (period === 'month') return { year, month, day: 1 };
  if (period === 'day') return { year, month, day };
  // Weeks start on Monday.
  const weekday = (new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 6) % 7;
  return addDays({ year, month, day }, -weekday);
}

function nextPeriod(period: BudgetPeriod, first: LocalDate): LocalDate {
  if (period === 'day') return addDays(first, 1);
  if (period === 'week') return addDays(first, 7);
  const isDecember = first.month === 12;
  return { year: isDecember ? first.year + 1 : first.year, month: isDecember ? 1 : first.month + 1, day: 1 };
}

function addDays({ year, month, day }: LocalDate, days: number): LocalDate {
  const date = new Date(Date.UTC(year, month - 1, day) + days * dayMs);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

/** The first instant whose local date is this one: zones that skip midnight begin their day later. */
function startOfDay(date: LocalDate, formatter: Intl.DateTimeFormat): number {
  const utcMs = Date.UTC(date.year, date.month - 1, date.day);
  // Offsets lie between -12 and +14 hours: the day begins within these bounds.
  let low = utcMs - 15 * hourMs;
  let high = utcMs + 13 * hourMs;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (dayNumber(localDate(middle, formatter)) >= dayNumber(date)) high = middle;
    else low = middle;
  }
  return high;
}

function dayNumber({ year, month, day }: LocalDate): number {
  return Date.UTC(year, month - 1, day);
}

function localDate(atMs: number, formatter: Intl.DateTimeFormat): LocalDate {
  const parts = formatter.formatToParts(atMs);
  const figure = (type: string): number => Number(parts.find((part) => part.type === type)?.value);
  return { year: figure('year'), month: figure('month'), day: figure('day') };
}

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
  });
}
