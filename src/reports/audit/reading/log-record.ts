import { parseNumbersAsText, numberText } from '../../../domain/json/json-numbers.ts';
import { parseUsdAsNanos } from '../../../domain/money/money.ts';
import { RowProblem } from '../audit-row.ts';
import { parseInstant } from './instant.ts';

/** Longer than any number that is an amount. */
const numberLength = 96;
const numberAfterName = /^\s*:\s*(-?[0-9][0-9.eE+-]*)/;

/** A plain object of a log. */
export type Fields = { readonly [name: string]: unknown };

/** Whether a value is an object with properties. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One record of a log, whether it came as JSON or as CSV: columns by name, empty and null alike undefined. */
export abstract class LogRecord {
  /** The raw value of a column; undefined when it is absent, null or empty. */
  protected abstract value(name: string): unknown;

  /** Source text of an amount, never through a float. */
  protected abstract amountText(name: string): string | undefined;

  /** Text of the first column that has any. */
  text(...names: readonly string[]): string | undefined {
    for (const name of names) {
      const value = this.value(name);
      if (typeof value === 'string') return value;
      if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    }
    return undefined;
  }

  /** A count of units; undefined when there is none, a problem when it is no whole number. */
  count(...names: readonly string[]): number | undefined {
    for (const name of names) {
      const value = this.value(name);
      if (value !== undefined) return readCount(value, name);
    }
    return undefined;
  }

  /** A column that must be there. */
  required(...names: readonly string[]): string {
    const text = this.text(...names);
    if (text === undefined) throw new RowProblem(`${names[0]} is missing`);
    return text;
  }

  /** An instant that must be there, in milliseconds. */
  instantMs(...names: readonly string[]): number {
    const text = this.required(...names);
    const atMs = parseInstant(text);
    if (atMs === undefined) throw new RowProblem(`${names[0]} "${shorten(text)}" is no date`);
    return atMs;
  }

  /** An amount in USD as nano-USD. */
  amountNanos(...names: readonly string[]): bigint | undefined {
    for (const name of names) {
      const value = this.value(name);
      const near = typeof value === 'number' || isPlainDecimal(value) ? nearestNanos(Number(value)) : undefined;
      if (near !== undefined) return near;
      const text = this.amountText(name);
      if (text !== undefined) return readAmount(text, name);
    }
    return undefined;
  }

  flag(...names: readonly string[]): boolean {
    return this.text(...names)?.toLowerCase() === 'true';
  }

  /** An object, whether nested or written as JSON text. */
  fields(...names: readonly string[]): Fields | undefined {
    const value = this.json(...names);
    return isFields(value) ? value : undefined;
  }

  /** A nested value, whether nested or written as JSON text; undefined when it is neither. */
  json(...names: readonly string[]): unknown {
    for (const name of names) {
      const value = this.value(name);
      if (value === undefined) continue;
      return typeof value === 'string' ? parseJsonText(value) : value;
    }
    return undefined;
  }
}

/** A record that was an object of JSON. */
export class JsonRecord extends LogRecord {
  readonly fieldsOfRow: Fields;
  readonly #source: string;

  constructor(fields: Fields, source: string) {
    super();
    this.fieldsOfRow = fields;
    this.#source = source;
  }

  protected value(name: string): unknown {
    const value = Object.hasOwn(this.fieldsOfRow, name) ? this.fieldsOfRow[name] : undefined;
    return value === null || value === '' ? undefined : value;
  }

  protected amountText(name: string): string | undefined {
    const value = this.value(name);
    if (typeof value === 'string') return value;
    if (typeof value !== 'number') return undefined;
    return sourceOfNumber(this.#source, name) ?? exactSource(this.#source, name) ?? String(value);
  }
}

/** A record that was a line of CSV. */
export class CsvRecord extends LogRecord {
  readonly #columns: ReadonlyMap<string, number>;
  #cells: readonly string[] = [];

  constructor(columns: ReadonlyMap<string, number>) {
    super();
    this.#columns = columns;
  }

  /** Takes the cells of the next line; the record is used again, since a file has millions. */
  take(cells: readonly string[]): this {
    this.#cells = cells;
    return this;
  }

  protected value(name: string): string | undefined {
    const at = this.#columns.get(name);
    const cell = at === undefined ? undefined : this.#cells[at];
    return cell === '' || cell === undefined || cell === 'null' || cell === '\\N' ? undefined : cell;
  }

  protected amountText(name: string): string | undefined {
    return this.value(name);
  }
}

/** Finds a number's source text when its name stands in the record only once. */
function sourceOfNumber(source: string, name: string): string | undefined {
  const quoted = `"${name}"`;
  const at = source.indexOf(quoted);
  if (at < 0 || source.includes(quoted, at + quoted.length)) return undefined;
  const from = at + quoted.length;
  return numberAfterName.exec(source.slice(from, from + numberLength))?.[1];
}

function exactSource(source: string, name: string): string | undefined {
  const parsed = parseNumbersAsText(source);
  return isFields(parsed) ? numberText(parsed[name]) : undefined;
}

/** Reads a count of units from a number or its text; spreadsheets write `3.0`. */
export function readCount(value: unknown, name: string): number {
  const isText = typeof value === 'string' && /^[0-9]+(\.0*)?$/.test(value.trim());
  const count = isText ? Number(value) : value;
  if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 0) {
    throw new RowProblem(`${name} "${shorten(String(value))}" is no whole number`);
  }
  return count;
}

function isPlainDecimal(value: unknown): value is string {
  return typeof value === 'string' && value.length < 64 && /^[0-9]+(?:\.[0-9]+)?$/.test(value);
}

/** Dollars above this have too few digits left in a double. */
const maxNearUsd = 1000;

/**
 * Nano-USD of an amount that was parsed as a double, when no other text could have stood there: undefined when only the
 * source text can tell. Below 1,000 dollars the double lies within 0.00006 nano of what was written, and the product
 * within another 0.00006 of that; so unless it comes within 0.001 of a half, the nearest whole is that of the text.
 */
function nearestNanos(usd: number): bigint | undefined {
  if (!(usd >= 0 && usd < maxNearUsd)) return undefined;
  const nanos = usd * 1e9;
  const whole = Math.floor(nanos);
  const rest = nanos - whole;
  return Math.abs(rest - 0.5) > 0.001 ? BigInt(rest > 0.5 ? whole + 1 : whole) : undefined;
}

function readAmount(text: string, name: string): bigint {
  const plain = text.trim().replace(/^(-?)\$/, '$1');
  const nanos = parseUsdAsNanos(plain.startsWith('-') ? plain.slice(1) : plain);
  if (nanos === undefined) throw new RowProblem(`${name} "${shorten(text)}" is no amount`);
  return plain.startsWith('-') ? -nanos : nanos;
}

function parseJsonText(text: string): unknown {
  const first = text.trimStart()[0];
  if (first !== '{' && first !== '[') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // Free text that happens to start with a bracket.
    return undefined;
  }
}

/** Cuts foreign text to what fits into a sentence. */
export function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
