import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import { Kysely } from 'kysely';
import type { Clock } from '../../../platform/clock.ts';
import { FolderLockedError, lockFolder, type FolderLock } from '../../../platform/folder-lock.ts';
import type { Logger } from '../../../platform/logger.ts';
import type { Database, ListenSettings } from '../database.ts';
import { DatabaseError } from '../database-error.ts';
import { migrate } from '../migrate.ts';
import type { Migration } from '../migrations/migration.ts';
import { wholeNumberParsers } from '../sql-types.ts';
import type { Tables } from '../tables/index.ts';
import { pgliteDialect } from './pglite-dialect.ts';

/** What the fallback needs. */
export interface PgliteSettings {
  readonly folder: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly migrations: readonly Migration[];
}

/** Said at every start: nobody may run this by mistake. */
const pgliteWarning =
  'the database is PGlite, which never waits for the disk: a power cut may lose or damage money that was recorded; use it for trials only';

/** Opens the database inside this process: one connection, no syncing, for systems where no server can run. */
export async function openPglite({ folder, clock, logger, migrations }: PgliteSettings): Promise<Database> {
  const home = resolve(folder);
  const lock = await takeFolder(home);
  try {
    const pglite = await create(join(home, 'pglite'));
    logger.warn({ folder: home }, pgliteWarning);
    const run = async (sql: string): Promise<readonly Record<string, unknown>[]> =>
      (await pglite.exec(sql)).at(-1)?.rows ?? [];
    if (migrations.length > 0) await migrate({ run }, { migrations, clock });
    return databaseOf(pglite, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function create(dataDirectory: string): Promise<PGlite> {
  const pglite = await import('@electric-sql/pglite').catch((error: unknown) => {
    throw new DatabaseError('engine_missing', 'the package @electric-sql/pglite is not installed', error);
  });
  return pglite.PGlite.create(dataDirectory, { parsers: Object.fromEntries(wholeNumberParsers) });
}

async function takeFolder(folder: string): Promise<FolderLock> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    return lockFolder(folder);
  } catch (error) {
    if (!(error instanceof FolderLockedError)) throw error;
    throw new DatabaseError('locked', `the database in ${folder} is ${error.message}`, error);
  }
}

function databaseOf(pglite: PGlite, lock: FolderLock): Database {
  const db = new Kysely<Tables>({ dialect: pgliteDialect(pglite) });
  const leaders = new Set<string>();
  let isOpen = true;
  return {
    db,
    engine: 'pglite',
    listen: (channel, listener, settings) => listen(pglite, { channel, listener, ...settings }),
    notify: async (channel, payload) => {
      await pglite.query('SELECT pg_notify($1, $2)', [channel, payload]);
    },
    withLeader: async (name, work) => {
      if (leaders.has(name)) return undefined;
      leaders.add(name);
      try {
        return await work(new AbortController().signal);
      } finally {
        leaders.delete(name);
      }
    },
    connectionUrl: () => undefined,
    isAvailable: () => isOpen,
    close: async () => {
      isOpen = false;
      await db.destroy();
      await pglite.close();
      lock.release();
    },
  };
}

async function listen(
  pglite: PGlite,
  { channel, listener, pollMs }: ListenSettings & { channel: string; listener: (payload: string) => void },
): Promise<() => Promise<void>> {
  const timer = pollMs === undefined ? undefined : setInterval(() => listener(''), pollMs);
  timer?.unref();
  const stop = await pglite.listen(channel, listener);
  return async () => {
    clearInterval(timer);
    await stop();
  };
}
