import { replaceNumbers } from '../../domain/json/json-numbers.ts';

const mark = '\u0000integer:';
const longInteger = /\d{16}/;
const markedInteger = /"\\u0000integer:(-?\d+)"/g;

/**
 * Parses JSON without changing the digits of integers that a double cannot hold: they become marked strings, which
 * only `stringifyExact` turns back. For answers, whose tool arguments some dialects write as JSON and others as text.
 */
export function parseExact(text: string): unknown {
  return JSON.parse(holdsLongIntegers(text) ? replaceNumbers(text, markInteger) : text);
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

function markInteger(number: string): string {
  const isExact = !/^-?\d{16,}$/.test(number) || String(Number(number)) === number;
  return isExact ? number : JSON.stringify(mark + number);
}
