import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../../platform/logger.ts';
import { DatabaseError } from './database-error.ts';
import { readDataFolder } from './embedded/cluster-place.ts';
import { clusterRole, readPassword } from './embedded/create-cluster.ts';
import { addressUrl, startEmbeddedServer } from './embedded/embedded-server.ts';

/** A server that commands may use beside the product. */
export interface ReachedServer {
  readonly url: string;
  /** Was it running before? Then the product uses it right now. */
  readonly isShared: boolean;
  /** Stops it if it was started for this. */
  release(): Promise<void>;
}

/** Reaches the embedded server of a folder: the one the product runs, else one started for this purpose. */
export async function reachServer({ folder, logger }: { folder: string; logger: Logger }): Promise<ReachedServer> {
  try {
    const server = await startEmbeddedServer({ folder, logger, ballast: false });
    return { url: addressUrl(server.address()), isShared: false, release: () => server.stop() };
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code !== 'locked') throw error;
    return { url: await findRunning(folder, error), isShared: true, release: () => Promise.resolve() };
  }
}

/** The server itself writes down its port, in the fourth line. */
async function findRunning(folder: string, refusal: DatabaseError): Promise<string> {
  const file = join(readDataFolder(folder), 'postmaster.pid');
  const port = existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[3]) : 0;
  if (!Number.isSafeInteger(port) || port <= 0) throw refusal;
  const password = await readPassword(folder);
  return addressUrl({ host: '127.0.0.1', port, user: clusterRole, password, database: 'postgres' });
}
