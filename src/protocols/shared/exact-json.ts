const mark = '\u0000integer:';
const longInteger = /\d{16}/;
const numbers = /-?\d[\d.eE+-]*/g;
const markedInteger = /"\\u0000integer:(-?\d+)"/g;

/**
 * Parses JSON without changing the digits of integers that a double cannot hold: they become marked strings, which
 * only `stringifyExact` turns back. For answers, whose tool arguments some dialects write as JSON and others as text.
 */
export function parseExact(text: string): unknown {
  return JSON.parse(holdsLongIntegers(text) ? markLongIntegers(text) : text);
}

/** May the text hold an integer that a double cannot? Cheap, and wrong only in being too careful. */
export function holdsLongIntegers(text: string): boolean {
  return longInteger.test(text);
}

/** `JSON.stringify` for values of `parseExact`. */
export function stringifyExact(value: unknown): string {
  return JSON.stringify(value).replace(markedInteger, '$1');
}

/** The number of a marked integer, as near as a double gets; undefined for every other value. */
export function nearestNumber(value: unknown): number | undefined {
  return typeof value === 'string' && value.startsWith(mark) ? Number(value.slice(mark.length)) : undefined;
}

/** Goes from string to string by search: one expression for both would overflow on megabytes of escapes. */
function markLongIntegers(text: string): string {
  let marked = '';
  for (let at = 0; ;) {
    const quote = text.indexOf('"', at);
    marked += text.slice(at, quote < 0 ? text.length : quote).replace(numbers, markInteger);
    if (quote < 0) return marked;
    at = endOfString(text, quote) + 1;
    marked += text.slice(quote, at);
  }
}

function markInteger(number: string): string {
  const isExact = !/^-?\d{16,}$/.test(number) || String(Number(number)) === number;
  return isExact ? number : JSON.stringify(mark + number);
}

function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === '\\') slashes++;
    if (slashes % 2 === 0) return end;
  }
  return text.length;
}
