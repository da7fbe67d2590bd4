import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Logger } from '../../../platform/logger.ts';
import { clusterRole, createCluster, readPassword } from './create-cluster.ts';
import { findFreePort } from './free-port.ts';
import { chooseLauncher } from './launcher.ts';
import { locateBinaries } from './postgres-binaries.ts';
import { type ServerProcess, startServer } from './server-process.ts';

/** How the embedded server is run. */
export interface EmbeddedSettings {
  /** Everything of the server lies here; made when missing. */
  readonly folder: string;
  readonly logger: Logger;
  /** Over our own; tests trade durability for speed with it. */
  readonly flags?: { readonly [name: string]: string | number };
  readonly readyTimeoutMs?: number;
}

/** Where a server takes connections. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** The embedded server, running. */
export interface EmbeddedServer {
  address(): ServerAddress;
  stop(): Promise<void>;
}

/** Settings for a server that shares a machine with the gateway and keeps money: durable, modest, only for us. */
const ownFlags: { readonly [name: string]: string | number } = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  password_encryption: 'scram-sha-256',
  max_connections: 60,
  shared_buffers: '256MB',
  synchronous_commit: 'on',
  fsync: 'on',
  wal_compression: 'on',
  wal_level: 'minimal',
  max_wal_senders: 0,
  max_wal_size: '2GB',
  checkpoint_timeout: '15min',
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
  jit: 'off',
};

/** Starts the server of a folder, after creating its data when there is none. */
export async function startEmbeddedServer(settings: EmbeddedSettings): Promise<EmbeddedServer> {
  const folder = resolve(settings.folder);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const binaries = locateBinaries();
  const launcher = chooseLauncher(binaries);
  const data = join(folder, 'data');
  await createCluster({ folder, data }, { binaries, launcher });
  const password = await readPassword(folder);
  const port = await findFreePort();
  const server: ServerProcess = await startServer({
    binaries,
    launcher,
    data,
    port,
    flags: { ...ownFlags, ...settings.flags },
    readyTimeoutMs: settings.readyTimeoutMs ?? 300_000,
    logger: settings.logger,
  });
  return {
    address: () => ({ host: '127.0.0.1', port, user: clusterRole, password, database: 'postgres' }),
    stop: () => server.stop(),
  };
}

/** The same address as a URL, for programs that take nothing else. */
export function addressUrl({ host, port, user, password, database }: ServerAddress): string {
  return `postgres://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}:${port}/${encodeURIComponent(database)}`;
}
