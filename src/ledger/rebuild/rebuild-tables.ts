import { type Kysely, sql } from 'kysely';
import type { Tables } from '../../storage/index.ts';
import { partitionedTables } from '../projector/partitions.ts';

/** Where a rebuild makes its tables. */
export const rebuildSchema = 'switchyard_rebuild';

const times: { readonly [table: string]: string } = {
  usage_slot: 'slot_ms',
  usage_day: 'day_ms',
  host_usage_hour: 'hour_ms',
  end_user_day: 'day_ms',
  usage_label: 'day_ms',
  performance_minute: 'at_ms',
  performance_hour: 'at_ms',
  performance_day: 'at_ms',
  exchange_recent: 'day_ms',
};
/** Parts of these are dropped after days: what is rebuilt may hold more than what is there. */
const shortLived: ReadonlySet<string> = new Set([
  'exchange_recent',
  'performance_minute',
  'performance_hour',
  'usage_label',
]);
/** Books and state that a rebuild needs for itself and does not replace: what was posted stays posted. */
const ownTables = [
  'ledger_account',
  'ledger_txn',
  'ledger_entry',
  'watermark',
  'open_exchange',
  'quarantine',
  'held_exchange',
  'estimated_attempt',
  'correction',
];

/** A difference between what is there and what the journal gives. */
export interface RebuildDifference {
  readonly table: string;
  readonly missingRows: bigint;
  readonly surplusRows: bigint;
}

/** Makes empty tables of the same shape in a schema of their own. */
export async function makeRebuildTables(db: Kysely<Tables>): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const schema = sql.id(rebuildSchema);
    await sql`DROP SCHEMA IF EXISTS ${schema} CASCADE`.execute(trx);
    await sql`CREATE SCHEMA ${schema}`.execute(trx);
    for (const table of ownTables) {
      await sql`CREATE TABLE ${sql.id(rebuildSchema, table)} (LIKE ${sql.id('public', table)} INCLUDING ALL)`.execute(
        trx,
      );
    }
    for (const table of Object.keys(partitionedTables)) {
      await sql`CREATE TABLE ${sql.id(rebuildSchema, table)} (LIKE ${sql.id('public', table)} INCLUDING ALL)
        PARTITION BY RANGE (${sql.id(times[table] ?? '')})`.execute(trx);
      await sql`CREATE TABLE ${sql.id(rebuildSchema, `${table}_other`)}
        PARTITION OF ${sql.id(rebuildSchema, table)} DEFAULT`.execute(trx);
    }
  });
}

/** Removes what a rebuild made. */
export async function dropRebuildTables(db: Kysely<Tables>): Promise<void> {
  await sql`DROP SCHEMA IF EXISTS ${sql.id(rebuildSchema)} CASCADE`.execute(db);
}

/** Compares row by row; equal tables are not listed. */
export async function compareTables(trx: Kysely<Tables>): Promise<readonly RebuildDifference[]> {
  const differences: RebuildDifference[] = [];
  for (const table of Object.keys(partitionedTables)) {
    const there = sql.id('public', table);
    const rebuilt = sql.id(rebuildSchema, table);
    const { rows } = await sql<{ missing: bigint; surplus: bigint }>`
      SELECT (SELECT count(*) FROM (SELECT * FROM ${rebuilt} EXCEPT ALL SELECT * FROM ${there}) m) AS missing,
        (SELECT count(*) FROM (SELECT * FROM ${there} EXCEPT ALL SELECT * FROM ${rebuilt}) s) AS surplus`.execute(trx);
    const { missing = 0n, surplus = 0n } = rows[0] ?? {};
    if (surplus === 0n && (missing === 0n || shortLived.has(table))) continue;
    differences.push({ table, missingRows: missing, surplusRows: surplus });
  }
  const ledger = await compareLedgers(trx);
  return ledger ? [...differences, ledger] : differences;
}

/** Who paid is decided once and not by the journal, so a customer's accounts are compared as one. */
async function compareLedgers(trx: Kysely<Tables>): Promise<RebuildDifference | undefined> {
  const side = (schema: string) => sql`
    SELECT CASE WHEN account.kind IN ('prepaid', 'promo', 'accrued', 'breakage') THEN 'customer' ELSE account.kind END
        AS kind,
      CASE WHEN account.kind IN ('prepaid', 'promo', 'accrued', 'breakage') THEN txn.customer ELSE account.owner END
        AS owner,
      txn.booked_at_ms, txn.host, sum(entry.amount_nanos) AS total
    FROM ${sql.id(schema, 'ledger_entry')} entry
    JOIN ${sql.id(schema, 'ledger_txn')} txn ON txn.id = entry.txn_id
    JOIN ${sql.id(schema, 'ledger_account')} account ON account.id = entry.account_id
    WHERE txn.kind IN ('usage', 'correction') AND txn.reverses_txn_id IS NULL
    GROUP BY 1, 2, 3, 4 HAVING sum(entry.amount_nanos) <> 0`;
  const { rows } = await sql<{ missing: bigint; surplus: bigint }>`
    WITH there AS (${side('public')}), rebuilt AS (${side(rebuildSchema)})
    SELECT (SELECT count(*) FROM (SELECT * FROM rebuilt EXCEPT ALL SELECT * FROM there) m) AS missing,
      (SELECT count(*) FROM (SELECT * FROM there EXCEPT ALL SELECT * FROM rebuilt) s) AS surplus`.execute(trx);
  const { missing = 0n, surplus = 0n } = rows[0] ?? {};
  return missing === 0n && surplus === 0n
    ? undefined
    : { table: 'ledger_entry', missingRows: missing, surplusRows: surplus };
}

/** Puts the rebuilt rollups in the place of those that are there, wholly or not at all. */
export async function swapTables(trx: Kysely<Tables>): Promise<void> {
  for (const table of Object.keys(partitionedTables)) {
    const { rows: parts } = await sql<{ name: string }>`
      SELECT child.relname AS name FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
      WHERE inhparent = to_regclass(${`${rebuildSchema}.${table}`})`.execute(trx);
    await sql`DROP TABLE ${sql.id('public', table)} CASCADE`.execute(trx);
    for (const name of [table, ...parts.map((part) => part.name)]) {
      await sql`ALTER TABLE ${sql.id(rebuildSchema, name)} SET SCHEMA public`.execute(trx);
    }
  }
}
