const zero = 48;

function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) {
    const digit = text.charCodeAt(at) - zero;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

const dayMs = 86_400_000;

/**
 * Reads an instant as logs write it: ISO 8601 with `T` or a blank, any number of fraction digits, a zone or none (then
 * it is UTC, as databases export it), a bare day, or seconds, milliseconds or microseconds since 1970. Undefined
 * otherwise.
 */
export function parseInstant(text: string): number | undefined {
  const day = Date.UTC(digits(text, 0, 4), digits(text, 5, 7) - 1, digits(text, 8, 10));
  if (text[4] === '-' && text[7] === '-' && isOnCalendar(day, text)) return text.length === 10 ? day : inDay(day, text);
  if (!/^[0-9]{9,16}(\.[0-9]+)?$/.test(text)) return undefined;
  const value = Number(text);
  if (value < 1e11) return Math.trunc(value * 1000);
  return Math.trunc(value < 1e14 ? value : value / 1000);
}

/** A thirteenth month or a thirty-first of June rolls over silently otherwise. */
function isOnCalendar(day: number, text: string): boolean {
  return Number.isFinite(day) && new Date(day).getUTCDate() === digits(text, 8, 10) && digits(text, 5, 7) <= 12;
}

function inDay(day: number, text: string): number | undefined {
  const separator = text[10];
  if ((separator !== 'T' && separator !== ' ') || text[13] !== ':') return undefined;
  const hour = digits(text, 11, 13);
  const minute = digits(text, 14, 16);
  let second = 0;
  let at = 16;
  if (text[16] === ':') {
    second = digits(text, 17, 19);
    at = 19;
  }
  let millisecond = 0;
  if (text[at] === '.' || text[at] === ',') {
    let end = at + 1;
    while (digits(text, end, end + 1) >= 0) end++;
    millisecond = digits(text.slice(at + 1, at + 4).padEnd(3, '0'), 0, Math.min(3, Math.max(end - at - 1, 0)));
    millisecond *= 10 ** Math.max(0, 3 - (end - at - 1));
    at = end;
  }
  const offsetMs = zoneOffsetMs(text.slice(at).trim());
  const isClock = hour < 24 && minute < 60 && second <= 60 && millisecond >= 0;
  if (offsetMs === undefined || !isClock) return undefined;
  return day + hour * 3_600_000 + minute * 60_000 + second * 1000 + millisecond - offsetMs;
}

function zoneOffsetMs(zone: string): number | undefined {
  if (zone === '' || zone === 'Z' || zone === 'UTC') return 0;
  const match = /^([+-])([0-9]{2}):?([0-9]{2})?$/.exec(zone);
  if (!match) return undefined;
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0);
  return (match[1] === '-' ? -minutes : minutes) * 60_000;
}

/** Number of the UTC day of an instant, counted from 1970. */
export function dayNumber(atMs: number): number {
  return Math.floor(atMs / dayMs);
}
