import { sql } from 'kysely';
import type { Executor } from '../books/post-transaction.ts';
import { type Use, useColumns, UseSum } from './use-sum.ts';

/** A rollup: its table, and the columns that name a row. */
export interface SumTableShape {
  readonly table: string;
  readonly keys: readonly string[];
  /** Which of the keys is a time in epoch milliseconds. */
  readonly timeKey: string;
}

/** Value of a key column. */
export type KeyValue = string | number;

interface SumRow {
  readonly keys: readonly KeyValue[];
  readonly sum: UseSum;
}

/** Rows of one rollup that a batch adds to. */
export class SumTable {
  readonly shape: SumTableShape;
  readonly #rows = new Map<string, SumRow>();

  constructor(shape: SumTableShape) {
    this.shape = shape;
  }

  /** The row of a key, made when it is the first of its name. */
  row(keys: readonly KeyValue[]): UseSum {
    const name = keys.join('\u0001');
    const known = this.#rows.get(name);
    if (known) return known.sum;
    const sum = new UseSum();
    this.#rows.set(name, { keys, sum });
    return sum;
  }

  add(keys: readonly KeyValue[], use: Use): void {
    this.row(keys).add(use);
  }

  /** Every row, for rollups of this rollup. */
  *entries(): Iterable<readonly [readonly KeyValue[], UseSum]> {
    for (const { keys, sum } of this.#rows.values()) yield [keys, sum];
  }

  /** The times of its rows, which decide the partitions it needs. */
  times(): Set<number> {
    const index = this.shape.keys.indexOf(this.shape.timeKey);
    return new Set([...this.#rows.values()].map(({ keys }) => Number(keys[index])));
  }

  /** Adds the rows to the table, in the order of their keys so that two writers never wait in a circle. */
  async write(executor: Executor): Promise<void> {
    if (this.#rows.size === 0) return;
    const { table, keys, timeKey } = this.shape;
    const rows = [...this.#rows.values()].map(({ keys: values, sum }) => ({
      ...Object.fromEntries(keys.map((key, index) => [key, values[index]])),
      ...sum.toColumns(),
    }));
    const columns = [...keys, ...useColumns];
    const types = columns.map(
      (column) => `${column} ${keys.includes(column) && column !== timeKey ? 'text' : 'bigint'}`,
    );
    const list = columns.join(', ');
    const sums = useColumns.map((column) => `${column} = ${table}.${column} + excluded.${column}`).join(', ');
    await sql`
      INSERT INTO ${sql.table(table)} (${sql.raw(list)})
      SELECT ${sql.raw(list)} FROM json_to_recordset(${JSON.stringify(rows)}::json) AS r(${sql.raw(types.join(', '))})
      ORDER BY ${sql.raw(keys.join(', '))}
      ON CONFLICT (${sql.raw(keys.join(', '))}) DO UPDATE SET ${sql.raw(sums)}`.execute(executor);
  }
}
