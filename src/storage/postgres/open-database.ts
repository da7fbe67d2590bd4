import { Kysely, PostgresDialect } from 'kysely';
import type pg from 'pg';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { type ConnectionSource, createConnectionPool, defaultPoolSettings } from './connection-pool.ts';
import type { Database, DatabaseEngine } from './database.ts';
import { DatabaseError } from './database-error.ts';
import { addressUrl, type EmbeddedSettings, startEmbeddedServer } from './embedded/embedded-server.ts';
import { withLeader } from './leader.ts';
import { migrate } from './migrate.ts';
import { migrations as ownMigrations } from './migrations/index.ts';
import type { Migration } from './migrations/migration.ts';
import { NotificationListener } from './notification-listener.ts';
import { ServerWatch, type WatchSettings } from './server-watch.ts';
import { sessionOf } from './sql-session.ts';
import type { Tables } from './tables/index.ts';

/** What a database needs to be opened. */
export interface DatabaseOptions {
  /** A server the operator runs; without it the embedded one is started in `folder`. */
  readonly url?: string;
  /** Folder of the embedded server. */
  readonly folder?: string;
  /** The fallback inside this process must be asked for: it never waits for the disk. */
  readonly engine?: 'embedded' | 'pglite';
  readonly clock: Clock;
  readonly logger: Logger;
  readonly poolSize?: number;
  readonly statementTimeoutMs?: number;
  /** How the embedded server is run, for tests. */
  readonly embedded?: Omit<EmbeddedSettings, 'folder' | 'logger'>;
  /** How often and how patiently the server is looked at, for tests. */
  readonly watch?: Pick<WatchSettings, 'intervalMs' | 'deadlineMs'>;
  /** Empty opens the database as it is. */
  readonly migrations?: readonly Migration[];
}

interface Connected {
  readonly engine: DatabaseEngine;
  readonly source: ConnectionSource;
  readonly url: () => string | undefined;
  /** For a server that runs and does not answer. */
  restartServer?(): Promise<void>;
  stopServer(): Promise<void>;
}

const oldestMajor = 15;

/** Opens the database of the product: starts or finds the server, brings the schema up to date. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { clock, logger, folder } = options;
  if (options.engine === 'pglite' && folder !== undefined) {
    const { openPglite } = await import('./pglite/open-pglite.ts');
    return openPglite({ folder, clock, logger, migrations: options.migrations ?? ownMigrations });
  }
  const connected = await connect(options);
  const { pool, cut } = createConnectionPool(connected.source, {
    ...defaultPoolSettings,
    logger,
    ...(options.poolSize === undefined ? {} : { size: options.poolSize }),
    ...(options.statementTimeoutMs === undefined ? {} : { statementTimeoutMs: options.statementTimeoutMs }),
  });
  try {
    await prepare(pool, { migrations: options.migrations ?? ownMigrations, clock });
  } catch (error) {
    await pool.end();
    await connected.stopServer();
    throw error instanceof DatabaseError ? error : describeRefusal(connected, error);
  }
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  const listener = new NotificationListener(connected.source, logger);
  const watch = new ServerWatch({
    ...options.watch,
    source: connected.source,
    onHung: () => {
      cut();
      void connected.restartServer?.();
    },
  });
  return {
    db,
    engine: connected.engine,
    listen: (channel, callback, settings) => listener.subscribe(channel, callback, settings),
    notify: async (channel, payload) => {
      await pool.query('SELECT pg_notify($1, $2)', [channel, payload]);
    },
    withLeader: (name, work) => withLeader(pool, name, work),
    connectionUrl: () => connected.url(),
    isAvailable: () => watch.isAvailable(),
    close: async () => {
      await watch.close();
      await listener.close();
      await db.destroy();
      // Kysely ends the pool only if it has ever used it.
      if (!pool.ending) await pool.end();
      await connected.stopServer();
    },
  };
}

/** The address without credentials, and what the server or the network said. */
function describeRefusal({ source, engine }: Connected, error: unknown): DatabaseError {
  const { connectionString } = source();
  const place =
    connectionString === undefined ? `${engine} database server` : `database server at ${hostOf(connectionString)}`;
  const reason = error instanceof Error ? error.message : String(error);
  return new DatabaseError('unreachable', `the ${place} cannot be used: ${reason}`, error);
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'an address that is no URL';
}

async function connect({ url, folder, logger, embedded }: DatabaseOptions): Promise<Connected> {
  if (url !== undefined) {
    return {
      engine: 'external',
      source: () => ({ connectionString: url }),
      url: () => url,
      stopServer: async () => undefined,
    };
  }
  if (folder === undefined) throw new Error('a database needs a folder or a URL');
  const server = await startEmbeddedServer({ ...embedded, folder, logger });
  return {
    engine: 'embedded',
    source: () => server.address(),
    url: () => addressUrl(server.address()),
    restartServer: () => server.restart(),
    stopServer: () => server.stop(),
  };
}

async function prepare(
  pool: pg.Pool,
  { migrations, clock }: { migrations: readonly Migration[]; clock: Clock },
): Promise<void> {
  const client = await pool.connect();
  try {
    const { rows } = await client.query<{ version: string }>("SELECT current_setting('server_version') AS version");
    checkServerVersion(rows[0]?.version ?? '');
    if (migrations.length === 0) return;
    await migrate(sessionOf(client), { migrations, clock });
  } finally {
    client.release();
  }
}

/** Throws DatabaseError for a server that lacks what our SQL needs. */
export function checkServerVersion(version: string): void {
  if (Number.parseInt(version, 10) >= oldestMajor) return;
  throw new DatabaseError(
    'server_too_old',
    `the database server is Postgres ${version}: ${oldestMajor} or newer is needed`,
  );
}
