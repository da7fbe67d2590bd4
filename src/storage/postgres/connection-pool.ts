import type { Duplex } from 'node:stream';
import pg from 'pg';
import type { Logger } from '../../platform/logger.ts';
import { columnTypes } from './sql-types.ts';

/** Connection settings, read anew for each connection: a restarted server may be elsewhere. */
export type ConnectionSource = () => pg.ClientConfig;

/** Sizes and limits of the pool. */
export interface PoolSettings {
  readonly size: number;
  /** A statement that runs longer is cancelled, unless its transaction sets another limit. */
  readonly statementTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly logger: Logger;
}

/** Limits that suit a gateway and its projector. */
export const defaultPoolSettings = { size: 10, statementTimeoutMs: 30_000, connectTimeoutMs: 5_000 };

const abandonedTransactionMs = 60_000;

/** Connections to one server. */
export interface ConnectionPool {
  readonly pool: pg.Pool;
  /** Ends every connection at once: whoever waits for an answer gets an error instead of waiting on. */
  cut(): void;
}

/** Opens connections as they are needed; a lost one is replaced at the next use and never ends the process. */
export function createConnectionPool(source: ConnectionSource, settings: PoolSettings): ConnectionPool {
  const { size, statementTimeoutMs, connectTimeoutMs, logger } = settings;
  const Client = class extends pg.Client {
    constructor(config?: string | pg.ClientConfig) {
      super({ ...(typeof config === 'object' ? config : {}), ...source() });
      this.on('error', (error) => logger.warn({ error: error.message }, 'a database connection was lost'));
    }
  };
  const pool = new pg.Pool({
    Client,
    max: size,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: abandonedTransactionMs,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    application_name: 'switchyard',
    types: columnTypes,
  });
  // Idle connections report here as well; without a listener that would end the process.
  pool.on('error', () => undefined);
  const sockets = new Set<Duplex>();
  pool.on('connect', (client) => {
    const { stream } = client.connection;
    sockets.add(stream);
    stream.once('close', () => sockets.delete(stream));
  });
  return {
    pool,
    cut: () => {
      for (const socket of sockets) socket.destroy(new Error('the database server does not answer'));
    },
  };
}
