import { sql } from 'kysely';
import type { Executor } from '../../books/post-transaction.ts';
import { type KeyValue, KeyTree } from './key-tree.ts';
import { type BulkColumn, bulkRows } from '../books/bulk-rows.ts';
import { type Use, useColumns, UseSum } from './use-sum.ts';

/** A rollup: its table, and the columns that name a row. */
export interface SumTableShape {
  readonly table: string;
  readonly keys: readonly string[];
  /** Which of the keys is a time in epoch milliseconds. */
  readonly timeKey: string;
}

interface SumRow {
  readonly keys: readonly KeyValue[];
  readonly sum: UseSum;
}

/** Rows of one rollup that a batch adds to. */
export class SumTable {
  readonly shape: SumTableShape;
  readonly #rows: SumRow[] = [];
  readonly #tree = new KeyTree<UseSum>();

  constructor(shape: SumTableShape) {
    this.shape = shape;
  }

  /** The row of a key, made when it is the first of its name. */
  row(keys: readonly KeyValue[]): UseSum {
    return this.#tree.take(keys, this.#make);
  }

  add(keys: readonly KeyValue[], use: Use): void {
    this.row(keys).add(use);
  }

  /** Every row, for rollups of this rollup. */
  *entries(): Iterable<readonly [readonly KeyValue[], UseSum]> {
    for (const { keys, sum } of this.#rows) yield [keys, sum];
  }

  readonly #make = (keys: readonly KeyValue[]): UseSum => {
    const sum = new UseSum();
    this.#rows.push({ keys, sum });
    return sum;
  };

  /** Adds the rows to the table, in the order of their keys so that two writers never wait in a circle. */
  async write(executor: Executor): Promise<void> {
    if (this.#rows.length === 0) return;
    const { table, keys, timeKey } = this.shape;
    const rows = this.#rows;
    const names = keys.map((name, index): BulkColumn => {
      const values = rows.map((row) => row.keys[index] ?? '');
      return { name, type: name === timeKey ? 'bigint' : 'text', values };
    });
    const told = rows.map(({ sum }) => sum.values());
    const sums = useColumns.map((name, index): BulkColumn => {
      return { name, type: 'bigint', values: told.map((row) => row[index] ?? 0) };
    });
    // Most rows have a few kinds of units only: what nothing is added to is not touched.
    const added = sums.filter(({ values }) => values.some((value) => value !== 0 && value !== 0n));
    const changes = added.map(({ name }) => `${name} = ${table}.${name} + excluded.${name}`).join(', ');
    const list = sql.raw([...keys, ...useColumns].join(', '));
    const key = sql.raw(keys.join(', '));
    const resolution = added.length === 0 ? sql`NOTHING` : sql`UPDATE SET ${sql.raw(changes)}`;
    await sql`
      INSERT INTO ${sql.table(table)} (${list})
      SELECT ${list} FROM ${bulkRows([...names, ...sums])}
      ORDER BY ${key}
      ON CONFLICT (${key}) DO ${resolution}`.execute(executor);
  }
}
