import { randomBytes } from 'node:crypto';
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
  return {
    database,
    url,
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
