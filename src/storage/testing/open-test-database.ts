import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import pg from 'pg';
import { systemClock } from '../../platform/clock.ts';
import { silentLogger } from '../../platform/logger.ts';
import type { Database } from '../postgres/database.ts';
import type { Migration } from '../postgres/migrations/migration.ts';
import { openDatabase } from '../postgres/open-database.ts';
import { databaseUrl, templateName } from './test-server.ts';
import { testServerVariable } from './test-server-setup.ts';

/** A database of one test's own. */
export interface TestDatabase {
  readonly database: Database;
  /** For what needs another connection to it, or a second product on it. */
  readonly url: string;
  /** Brings every table back to what it held when the database was opened. */
  empty(): Promise<void>;
  close(): Promise<void>;
}

/** How it differs from the product's. */
export interface TestDatabaseSettings {
  /** Empty begins without any table. */
  readonly migrations?: readonly Migration[];
}

/** Opens a fresh database with the current schema on the server that all tests of this run share. */
export async function openTestDatabase(settings: TestDatabaseSettings = {}): Promise<TestDatabase> {
  const { migrations } = settings;
  const serverUrl = await askForServer();
  const name = `test_${randomBytes(8).toString('hex')}`;
  await administer(
    serverUrl,
    `CREATE DATABASE ${name} TEMPLATE ${migrations === undefined ? templateName : 'template0'} STRATEGY FILE_COPY`,
  );
  const url = databaseUrl(serverUrl, name);
  const database = await openDatabase({
    url,
    clock: systemClock,
    logger: silentLogger,
    poolSize: 5,
    ...(migrations === undefined ? {} : { migrations }),
  });
  const seeds = await readSeeds(database);
  return {
    database,
    url,
    empty: () => emptyDatabase(database, seeds),
    close: async () => {
      await database.close();
      await administer(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

async function askForServer(): Promise<string> {
  const broker = process.env[testServerVariable];
  if (broker === undefined) throw new Error('no test run is set up: openTestDatabase works under vitest only');
  const response = await fetch(broker);
  const text = await response.text();
  if (!response.ok) throw new Error(`the database server of the tests did not start: ${text}`);
  return text;
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

const tablesOfSchema = `SELECT quote_ident(relname) AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace
  AND relkind IN ('r', 'p') AND NOT relispartition`;

/** Rows that the migrations themselves write, as JSON text by table. */
async function readSeeds({ db }: Database): Promise<ReadonlyMap<string, string>> {
  const { rows: tables } = await sql<{ name: string }>`${sql.raw(tablesOfSchema)}`.execute(db);
  if (tables.length === 0) return new Map();
  const reads = tables.map(({ name }) => `SELECT '${name}' AS name, jsonb_agg(${name})::text AS seed FROM ${name}`);
  const { rows } = await sql<{ name: string; seed: string | null }>`${sql.raw(reads.join(' UNION ALL '))}`.execute(db);
  return new Map(rows.flatMap(({ name, seed }) => (seed === null ? [] : [[name, seed] as const])));
}

/** Without triggers, since some of them exist to prevent exactly this. */
async function emptyDatabase({ db }: Database, seeds: ReadonlyMap<string, string>): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    await sql`SET LOCAL session_replication_role = replica`.execute(transaction);
    await sql
      .raw(
        `DO $$ DECLARE one text; BEGIN FOR one IN ${tablesOfSchema} LOOP EXECUTE 'DELETE FROM ' || one; END LOOP; END $$`,
      )
      .execute(transaction);
    for (const [name, seed] of seeds) {
      const table = sql.raw(name);
      await sql`INSERT INTO ${table} OVERRIDING SYSTEM VALUE
        SELECT * FROM jsonb_populate_recordset(NULL::${table}, ${seed}::jsonb)`.execute(transaction);
    }
  });
}
