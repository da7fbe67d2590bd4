/** When a schedule is due. */
export interface Cron {
  /** The first due minute after an instant; undefined when there is none within four years. */
  next(afterMs: number): number | undefined;
}

const minuteMs = 60_000;
const dayMs = 86_400_000;
const names: { readonly [name: string]: number } = Object.fromEntries([
  ...['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'].map((day, index) => [day, index] as const),
  ...['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'].map(
    (month, index) => [month, index + 1] as const,
  ),
]);
const shorthands: { readonly [name: string]: string } = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
};
const longestSearchDays = 4 * 366;

/**
 * Reads a cron expression of five fields, in a time zone. As everywhere, a day matches by either field when both the
 * day of the month and the day of the week are restricted. Answers undefined for what is no expression.
 */
export function parseCron(expression: string, timeZone: string): Cron | undefined {
  const text = expression.trim().toLowerCase();
  const fields = (shorthands[text] ?? text).split(/\s+/);
  if (fields.length !== 5) return undefined;
  const [minutes, hours, days, months, weekdays] = [
    readField(fields[0], 0, 59),
    readField(fields[1], 0, 23),
    readField(fields[2], 1, 31),
    readField(fields[3], 1, 12),
    readField(fields[4], 0, 7),
  ];
  if (!minutes || !hours || !days || !months || !weekdays) return undefined;
  if (weekdays.has(7)) weekdays.add(0);
  const isEither = fields[2] !== '*' && fields[4] !== '*';
  const hasDay = (date: Date): boolean => {
    if (!months.has(date.getUTCMonth() + 1)) return false;
    const [byMonth, byWeek] = [days.has(date.getUTCDate()), weekdays.has(date.getUTCDay())];
    return isEither ? byMonth || byWeek : byMonth && byWeek;
  };
  const times = [...hours]
    .sort(ascending)
    .flatMap((hour) => [...minutes].sort(ascending).map((minute) => hour * 60 + minute));
  const zone = new Zone(timeZone);
  return {
    next(afterMs) {
      const firstMs = Math.floor(afterMs / minuteMs) * minuteMs + minuteMs;
      // One day earlier: a clock that is put back has times of the day before once more.
      const startDay = Math.floor(zone.toLocal(firstMs) / dayMs) - 1;
      for (let day = startDay; day < startDay + longestSearchDays; day++) {
        if (!hasDay(new Date(day * dayMs))) continue;
        const due = times.map((time) => zone.toInstant(day * dayMs + time * minuteMs)).find((at) => at >= firstMs);
        if (due !== undefined) return due;
      }
      return undefined;
    },
  };
}

function readField(field: string | undefined, least: number, most: number): Set<number> | undefined {
  const values = new Set<number>();
  for (const part of (field ?? '').split(',')) {
    const match = /^(?:(\*)|([0-9]{1,2}|[a-z]{3})(?:-([0-9]{1,2}|[a-z]{3}))?)(?:\/([0-9]{1,2}))?$/.exec(part);
    if (match === null) return undefined;
    const [, all, from, to, every] = match;
    const step = every === undefined ? 1 : Number(every);
    const first = all === undefined ? valueOf(from) : least;
    const openEnd = every === undefined ? first : most;
    const end = to === undefined ? openEnd : valueOf(to);
    const last = all === undefined ? end : most;
    if (!(first >= least && last <= most && first <= last && step > 0)) return undefined;
    for (let value = first; value <= last; value += step) values.add(value);
  }
  return values;
}

function valueOf(text: string | undefined): number {
  return names[text ?? ''] ?? Number(text);
}

function ascending(left: number, right: number): number {
  return left - right;
}

/** Wall clocks of a time zone. */
class Zone {
  readonly #formatter: Intl.DateTimeFormat;

  constructor(timeZone: string) {
    this.#formatter = new Intl.DateTimeFormat('en', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
  }

  /** What the clock shows at an instant, as if it were UTC. */
  toLocal(atMs: number): number {
    const figures: { [type: string]: number } = {};
    for (const { type, value } of this.#formatter.formatToParts(atMs)) figures[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = figures;
    return Date.UTC(year, month - 1, day, hour, minute);
  }

  /** When the clock shows this: the first time of two, and for a time that is skipped as much later as it jumps. */
  toInstant(localMs: number): number {
    const guesses = [localMs - this.#offsetAt(localMs - dayMs), localMs - this.#offsetAt(localMs + dayMs)];
    const fitting = guesses.filter((guess) => this.toLocal(guess) === localMs);
    return fitting.length > 0 ? Math.min(...fitting) : Math.max(...guesses);
  }

  #offsetAt(atMs: number): number {
    return this.toLocal(atMs) - atMs;
  }
}
