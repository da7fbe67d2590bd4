const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/**
 * A billing period: whole days of the customer's calendar, half-open. Instants say what belongs to it, days are what
 * fees are divided by, so that days of 23 and 25 hours weigh the same as the others.
 */
export interface BillingPeriod {
  readonly timeZone: string;
  /** Local days since 1970-01-01; the end is the first day that does not belong. */
  readonly startDay: number;
  readonly endDay: number;
  readonly startMs: number;
  readonly endMs: number;
}

/** Days in a period. */
export function daysOf(period: Pick<BillingPeriod, 'startDay' | 'endDay'>): number {
  return period.endDay - period.startDay;
}

/** The local day of an instant, counted from 1970-01-01. */
export function localDayAt(atMs: number, timeZone: string): number {
  return dayAt(atMs, formatterOf(timeZone));
}

function dayAt(atMs: number, formatter: Intl.DateTimeFormat): number {
  const parts = formatter.formatToParts(atMs);
  const figure = (type: string): number => Number(parts.find((part) => part.type === type)?.value);
  return dayNumber(figure('year'), figure('month'), figure('day'));
}

/** The first instant of a local day: where the clock skips midnight, the day begins later. */
export function startOfLocalDay(day: number, timeZone: string): number {
  const formatter = formatterOf(timeZone);
  const utcMs = day * dayMs;
  // Offsets lie between -12 and +14 hours: the day begins within these bounds.
  let before = utcMs - 15 * hourMs;
  let within = utcMs + 13 * hourMs;
  while (within - before > 1) {
    const middle = Math.floor((before + within) / 2);
    if (dayAt(middle, formatter) >= day) within = middle;
    else before = middle;
  }
  return within;
}

/** The calendar month of an instant in a time zone. */
export function monthAt(atMs: number, timeZone: string): BillingPeriod {
  const date = new Date(localDayAt(atMs, timeZone) * dayMs);
  return monthOf(date.getUTCFullYear(), date.getUTCMonth() + 1, timeZone);
}

/** A calendar month in a time zone; months count from 1. */
export function monthOf(year: number, month: number, timeZone: string): BillingPeriod {
  return periodOfDays(dayNumber(year, month, 1), dayNumber(year, month + 1, 1), timeZone);
}

/** A period of local days: the start belongs, the end does not. */
export function periodOfDays(startDay: number, endDay: number, timeZone: string): BillingPeriod {
  const startMs = startOfLocalDay(startDay, timeZone);
  return { timeZone, startDay, endDay, startMs, endMs: startOfLocalDay(endDay, timeZone) };
}

/** The period as people write it: `2026-03-01/2026-04-01`. */
export function formatPeriod(period: Pick<BillingPeriod, 'startDay' | 'endDay'>): string {
  return `${formatDay(period.startDay)}/${formatDay(period.endDay)}`;
}

/** A day as `2026-03-01`. */
export function formatDay(day: number): string {
  return dayText(day * dayMs);
}

/** The day of UTC that holds an instant, as `2026-03-01`. */
export function dayText(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}

/** The day that `2026-03-01` names; undefined when it names none. */
export function parseDay(text: string): number | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!match) return undefined;
  const day = dayNumber(Number(match[1]), Number(match[2]), Number(match[3]));
  return formatDay(day) === text ? day : undefined;
}

function dayNumber(year: number, month: number, day: number): number {
  return Date.UTC(year, month - 1, day) / dayMs;
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
