import { parseDecimal, scaleDecimal } from '../../domain/money/decimal.ts';
import { parseDay } from '../../domain/money/periods.ts';

/** A row that cannot be used, for a reason that people can act on. */
export class RowError extends Error {}

const dayMs = 86_400_000;
const nanoDigits = 9;

/** One row of a bill: texts by name of column, nested ones with dots. */
export class BillRecord {
  readonly line: number;
  readonly #cells: ReadonlyMap<string, string>;

  constructor(line: number, cells: ReadonlyMap<string, string>) {
    this.line = line;
    this.#cells = cells;
  }

  get columns(): Iterable<string> {
    return this.#cells.keys();
  }

  /** The first of the columns that is there and not blank. */
  text(...columns: readonly string[]): string | undefined {
    for (const column of columns) {
      const text = this.#cells.get(column)?.trim();
      if (text !== undefined && text !== '') return text;
    }
    return undefined;
  }

  /** A whole number; undefined when none of the columns has one. */
  units(...columns: readonly string[]): bigint | undefined {
    return this.scaled(columns, 0);
  }

  /** An amount in USD as nanos. `digits` moves the point: 7 for an amount in cents. */
  nanos(columns: readonly string[], digits = nanoDigits): bigint | undefined {
    return this.scaled(columns, digits);
  }

  /** A decimal times 10^digits, rounded below that. */
  scaled(columns: readonly string[], digits: number): bigint | undefined {
    const text = this.text(...columns);
    if (text === undefined) return undefined;
    const isNegative = text.startsWith('-');
    const decimal = parseDecimal(isNegative ? text.slice(1) : text);
    if (!decimal) throw new RowError(`${columns.join(' or ')} is ${JSON.stringify(text)}, which is no number`);
    const { value } = scaleDecimal(decimal, digits);
    return isNegative ? -value : value;
  }

  /** The day of an instant or date, by the calendar the bill is written in. */
  day(...columns: readonly string[]): number {
    const text = this.text(...columns);
    if (text === undefined) throw new RowError(`there is no ${columns.join(' or ')}`);
    if (/^[0-9]{9,11}$/.test(text)) return Math.floor((Number(text) * 1000) / dayMs);
    const day = parseDay(text.slice(0, 10));
    if (day === undefined) throw new RowError(`${JSON.stringify(text)} is no day`);
    return day;
  }
}
