import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { systemClock } from '../../platform/clock.ts';
import { lockFolder } from '../../platform/folder-lock.ts';
import { silentLogger } from '../../platform/logger.ts';
import { addressUrl, startEmbeddedServer } from '../postgres/embedded/embedded-server.ts';
import { openDatabase } from '../postgres/open-database.ts';

/** Name of the database that every test database is copied from. */
export const templateName = 'switchyard_template';

const folderPrefix = 'switchyard-test-postgres-';

/** The server that all tests of one run share, holding a migrated template. */
export interface TestServer {
  /** URL of its administrative database. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts it in a temporary folder: nothing of it has to survive, so it never waits for the disk. */
export async function startTestServer(): Promise<TestServer> {
  await sweepAbandoned();
  const folder = await mkdtemp(join(tmpdir(), folderPrefix));
  const flags = {
    fsync: 'off',
    full_page_writes: 'off',
    synchronous_commit: 'off',
    max_connections: 200,
    file_copy_method: 'clone',
  };
  const server = await startEmbeddedServer({ folder, logger: silentLogger, flags, ballast: false });
  const url = addressUrl(server.address());
  const stop = async (): Promise<void> => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await makeTemplate(url);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, stop };
}

/** A run that was killed leaves its folder; its server has stopped by itself. */
async function sweepAbandoned(): Promise<void> {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(folderPrefix));
  for (const name of names) {
    const folder = join(tmpdir(), name);
    try {
      lockFolder(folder).release();
      if (!existsSync(join(folder, 'data', 'postmaster.pid'))) await rm(folder, { recursive: true, force: true });
    } catch {
      // Somebody else's, or in use.
    }
  }
}

/** Makes the template anew, since the migrations may have changed since the last run on a server of the developer. */
export async function makeTemplate(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`DROP DATABASE IF EXISTS ${templateName} WITH (FORCE)`);
    await client.query(`CREATE DATABASE ${templateName}`);
  } finally {
    await client.end();
  }
  const database = await openDatabase({
    url: databaseUrl(url, templateName),
    clock: systemClock,
    logger: silentLogger,
    poolSize: 1,
  });
  await database.close();
}

/** The same server, another database. */
export function databaseUrl(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}
