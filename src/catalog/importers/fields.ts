import { numberText } from '../../domain/json/json-numbers.ts';

/** Fields of a row as parsed. */
export type Fields = { readonly [key: string]: unknown };

/** Is the value an object with fields? */
export function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A text that is no number; undefined for every other value. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && numberText(value) === undefined && value !== '' ? value : undefined;
}

/** The digits of a number, or of a text that a catalog puts in place of one. */
export function decimalOf(value: unknown): string | undefined {
  return numberText(value) ?? (typeof value === 'string' ? value.trim() : undefined);
}

/** A count such as a limit in tokens: never money, so a double may hold it. Undefined unless a positive integer. */
export function countOf(value: unknown): number | undefined {
  const text = decimalOf(value);
  const count = text === undefined ? Number.NaN : Number(text);
  return Number.isSafeInteger(count) && count > 0 ? count : undefined;
}

/** A stated yes or no. */
export function flagOf(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}

/** The texts of a list. */
export function textsOf(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.flatMap((item: unknown) => textOf(item) ?? []);
}

/** An ISO date, months counting from their first day; undefined for anything else. */
export function dateOf(value: unknown): string | undefined {
  const match = /^(\d{4}-\d{2})(-\d{2})?/.exec(textOf(value) ?? '');
  if (!match) return undefined;
  const date = `${match[1]}${match[2] ?? '-01'}`;
  return Number.isNaN(Date.parse(date)) ? undefined : date;
}

/** Writes values with the digits that their source had. */
export function sourceTextOf(value: unknown): string {
  const number = numberText(value);
  if (number !== undefined) return number;
  if (Array.isArray(value)) return `[${value.map(sourceTextOf).join(',')}]`;
  if (!isRecord(value)) return JSON.stringify(value) ?? 'null';
  return `{${Object.entries(value)
    .map(([key, inner]) => `${JSON.stringify(key)}:${sourceTextOf(inner)}`)
    .join(',')}}`;
}
