import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type LoadedConfig, readSecret } from '../config/index.ts';
import { Fault } from '../domain/faults/fault.ts';
import { systemClock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Database } from '../storage/index.ts';

/** The database as far as it is there: it starts behind the gateway, which never waits for it. */
export interface DatabaseLink {
  /** Undefined while it starts, and when there is none. */
  current(): Database | undefined;
  /** Why there is none, for people; undefined once it is open. */
  absence(): string | undefined;
  /** Resolves when it is open with everything that works on it, or never will be. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** What works on an open database; gives how to stop it. */
export type DatabaseWork = (database: Database) => Promise<() => Promise<void>>;

interface LinkOptions {
  readonly loaded: LoadedConfig;
  readonly dataDirectory: string;
  readonly logger: Logger;
  readonly work: DatabaseWork;
}

const firstRetryMs = 1000;
const longestRetryMs = 30_000;

/** Opens the configured database in the background, again and again if need be, and starts what works on it. */
export function linkDatabase(options: LinkOptions): DatabaseLink {
  const { config } = options.loaded;
  if (config.database === 'off') return noDatabase('the configuration says "database: off"');
  const stop = new AbortController();
  let database: Database | undefined;
  let reason: string | undefined = 'it is starting';
  let endWork: () => Promise<void> = () => Promise.resolve();
  const opening = (async () => {
    for (let waitMs = firstRetryMs; !stop.signal.aborted; waitMs = Math.min(waitMs * 2, longestRetryMs)) {
      try {
        database = await open(options);
        endWork = await options.work(database);
        reason = undefined;
        return;
      } catch (error) {
        await database?.close();
        database = undefined;
        reason = error instanceof Error ? error.message : String(error);
        options.logger.error({ err: error, retryAfterMs: waitMs }, 'the database is not available');
        await wait(waitMs, undefined, { signal: stop.signal }).catch(() => undefined);
      }
    }
  })();
  return {
    current: () => database,
    absence: () => reason,
    settled: () => opening,
    async close() {
      stop.abort();
      await opening;
      await endWork();
      await database?.close();
      database = undefined;
    },
  };
}

async function open({ loaded, dataDirectory, logger }: LinkOptions): Promise<Database> {
  const { openDatabase } = await import('../storage/index.ts');
  const { database: setting } = loaded.config;
  const shared = { clock: systemClock, logger };
  if (setting === 'embedded') return openDatabase({ ...shared, folder: join(dataDirectory, 'postgres') });
  if (setting === 'pglite')
    return openDatabase({ ...shared, engine: 'pglite', folder: join(dataDirectory, 'postgres') });
  const url = /^(env|file):/.test(setting) ? readSecret(setting, loaded.secrets) : setting;
  if (url === undefined) throw new Fault('database_unavailable', { message: `database: ${setting} is not set.` });
  return openDatabase({ ...shared, url });
}

function noDatabase(reason: string): DatabaseLink {
  return {
    current: () => undefined,
    absence: () => reason,
    settled: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
