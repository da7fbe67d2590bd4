import pg from 'pg';
import type { PartitionRecord, TableRecord } from './backup-manifest.ts';

/** A table as far as copying it goes. */
export interface CatalogTable {
  readonly name: string;
  /** Without generated ones, which the server computes again. */
  readonly columns: readonly string[];
  /** Columns of amounts. */
  readonly sums: readonly string[];
}

/** Not saved: bookkeeping of the schema, and the list of recent requests, which fills again and holds no money. */
const leftOut = ['schema_migration', 'exchange_recent'];

/**
 * Every table to be saved, those that others refer to first. Projections of money are among them: they move together
 * with the watermark, and the journal they came from may be older than what is kept of it.
 */
export async function readTables(client: pg.Client): Promise<CatalogTable[]> {
  const { rows } = await client.query<{ name: string; columns: string[]; sums: string[] | null }>(
    `SELECT c.relname AS name,
        array_agg(a.attname::text ORDER BY a.attnum) AS columns,
        array_agg(a.attname::text ORDER BY a.attnum)
          FILTER (WHERE a.atttypid = 'int8'::regtype AND a.attname LIKE '%\\_nanos') AS sums
      FROM pg_class c
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
      WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND c.relname <> ALL ($1)
      GROUP BY c.relname ORDER BY c.relname`,
    [leftOut],
  );
  const tables = rows.map(({ name, columns, sums }) => ({ name, columns, sums: sums ?? [] }));
  return orderByReference(tables, await readReferences(client));
}

/** Partitions that the migrations do not make. */
export async function readPartitions(client: pg.Client): Promise<PartitionRecord[]> {
  const { rows } = await client.query<PartitionRecord>(
    `SELECT c.relname AS name, p.relname AS parent, pg_get_expr(c.relpartbound, c.oid) AS bound
      FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid JOIN pg_class p ON p.oid = i.inhparent
      WHERE c.relispartition AND c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
      ORDER BY c.relname`,
  );
  return rows;
}

/** Positions of the sequences that number rows. */
export async function readSequences(client: pg.Client): Promise<{ name: string; value: string }[]> {
  const { rows } = await client.query<{ name: string; value: string }>(
    `SELECT sequencename::text AS name, last_value::text AS value FROM pg_sequences
      WHERE schemaname = current_schema() AND last_value IS NOT NULL ORDER BY 1`,
  );
  return rows;
}

/** Rows and sums of a table, which must be the same after a restore. */
export async function measureTable(client: pg.Client, { name, sums }: CatalogTable): Promise<TableRecord> {
  const columns = sums.map((column) => `, sum(${quote(column)})::text AS ${quote(column)}`).join('');
  const { rows } = await client.query<{ [column: string]: string | null }>(
    `SELECT count(*)::text AS "#rows"${columns} FROM ${quote(name)}`,
  );
  const { '#rows': count, ...found } = rows[0] ?? {};
  return { name, rows: count ?? '0', sums: found };
}

/** A name as SQL takes it. */
export function quote(name: string): string {
  return pg.escapeIdentifier(name);
}

interface Reference {
  readonly from: string;
  readonly to: string;
}

async function readReferences(client: pg.Client): Promise<Reference[]> {
  const { rows } = await client.query<Reference>(
    `SELECT DISTINCT f.relname AS "from", t.relname AS "to" FROM pg_constraint k
      JOIN pg_class f ON f.oid = k.conrelid JOIN pg_class t ON t.oid = k.confrelid
      WHERE k.contype = 'f' AND f.oid <> t.oid`,
  );
  return rows;
}

function orderByReference(tables: readonly CatalogTable[], references: readonly Reference[]): CatalogTable[] {
  const ordered: CatalogTable[] = [];
  const done = new Set<string>();
  const left = [...tables];
  while (left.length > 0) {
    const index = left.findIndex(({ name }) =>
      references.every(({ from, to }) => from !== name || done.has(to) || !left.some((other) => other.name === to)),
    );
    const [next] = left.splice(index, 1);
    if (index < 0 || next === undefined) throw new Error('the tables refer to each other in a circle');
    ordered.push(next);
    done.add(next.name);
  }
  return ordered;
}
