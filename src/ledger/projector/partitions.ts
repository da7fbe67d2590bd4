import { sql } from 'kysely';
import type { Executor } from '../books/post-transaction.ts';
import { dayMs, dayOf } from './sums/time-slots.ts';

type Unit = 'day' | 'month' | 'year';

/** How the tables that grow with time are cut, and how long their parts are kept. */
export const partitionedTables: { readonly [table: string]: { readonly unit: Unit; readonly keepDays: number } } = {
  usage_slot: { unit: 'month', keepDays: 760 },
  usage_day: { unit: 'year', keepDays: 760 },
  host_usage_hour: { unit: 'month', keepDays: 760 },
  end_user_day: { unit: 'month', keepDays: 760 },
  usage_label: { unit: 'month', keepDays: 60 },
  performance_minute: { unit: 'day', keepDays: 2 },
  performance_hour: { unit: 'month', keepDays: 90 },
  performance_day: { unit: 'year', keepDays: 760 },
  exchange_recent: { unit: 'day', keepDays: 3 },
};

/** Times outside of these years are a clock gone wrong: their rows go to the partition for all others. */
const firstYearMs = Date.UTC(2020, 0);
const lastYearMs = Date.UTC(2100, 0);

/** A part of a table. */
export interface Partition {
  readonly table: string;
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** The partition that a row of a table belongs to; undefined for the one for all others. */
function partitionOf(table: string, atMs: number): Partition | undefined {
  const unit = partitionedTables[table]?.unit;
  if (unit === undefined || !(atMs >= firstYearMs && atMs < lastYearMs)) return undefined;
  const [year = '', month = '', day = ''] = new Date(atMs).toISOString().slice(0, 10).split('-');
  if (unit === 'day') {
    const fromMs = dayOf(atMs);
    return { table, name: `${table}_${year}${month}${day}`, fromMs, toMs: fromMs + dayMs };
  }
  const fromMs = unit === 'month' ? Date.UTC(Number(year), Number(month) - 1) : Date.UTC(Number(year), 0);
  const toMs = unit === 'month' ? Date.UTC(Number(year), Number(month)) : Date.UTC(Number(year) + 1, 0);
  return { table, name: `${table}_${year}${unit === 'month' ? month : ''}`, fromMs, toMs };
}

/** Makes the partitions that rows are about to need; remembers those that are there. */
export class Partitions {
  readonly #known = new Set<string>();

  /** Forgets what is there: retention may have taken it away. */
  clear(): void {
    this.#known.clear();
  }

  /** Whether rows of a table at these times need a partition that may not be there. */
  missing(table: string, times: Iterable<number>): boolean {
    for (const atMs of times) {
      const partition = partitionOf(table, atMs);
      if (partition && !this.#known.has(partition.name)) return true;
    }
    return false;
  }

  /** Makes what is missing for rows of a table at these times. */
  async ensure(executor: Executor, table: string, times: Iterable<number>): Promise<void> {
    for (const atMs of times) {
      const partition = partitionOf(table, atMs);
      if (!partition || this.#known.has(partition.name)) continue;
      await sql`CREATE TABLE IF NOT EXISTS ${sql.table(partition.name)} PARTITION OF ${sql.table(table)}
        FOR VALUES FROM (${sql.lit(partition.fromMs)}) TO (${sql.lit(partition.toMs)})`.execute(executor);
      this.#known.add(partition.name);
    }
  }
}

/** Partitions of a table that hold nothing younger than what is kept, oldest first. */
export async function expiredPartitions(
  executor: Executor,
  table: string,
  nowMs: number,
): Promise<readonly Partition[]> {
  const keepDays = partitionedTables[table]?.keepDays ?? Number.POSITIVE_INFINITY;
  const { rows } = await sql<{ name: string }>`
    SELECT child.relname AS name FROM pg_inherits
    JOIN pg_class child ON child.oid = inhrelid
    WHERE inhparent = to_regclass(${table}) ORDER BY child.relname`.execute(executor);
  const partitions = rows.flatMap(({ name }) => partitionNamed(table, name) ?? []);
  // A clock that ran ahead must not take everything away: the newest parts stay, whatever time it says.
  const spared = new Set(partitions.slice(-keptAnyway).map(({ name }) => name));
  return partitions.filter(({ name, toMs }) => toMs <= nowMs - keepDays * dayMs && !spared.has(name));
}

const keptAnyway = 4;

function partitionNamed(table: string, name: string): Partition | undefined {
  const digits = /_(\d{4})(\d{2})?(\d{2})?$/.exec(name);
  if (!digits) return undefined;
  const [, year, month = '01', day = '01'] = digits;
  return partitionOf(table, Date.UTC(Number(year), Number(month) - 1, Number(day)));
}
