import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { FolderLockedError, type FolderLock, lockFolder } from '../../../platform/folder-lock.ts';
import type { Logger } from '../../../platform/logger.ts';
import { DatabaseError } from '../database-error.ts';
import { ballastBytes, describeSize, dropBallast, layBallast } from './ballast.ts';
import { type ClusterPlace, isMovedAway, preparePlace } from './cluster-place.ts';
import { clusterRole, createCluster, readPassword } from './create-cluster.ts';
import { findFreePort } from './free-port.ts';
import { chooseLauncher, type Launcher, type LauncherKind } from './launcher.ts';
import { locateBinaries } from './postgres-binaries.ts';
import { clearPostmasterFile } from './postmaster-file.ts';
import { serverFlags, sharedMemoryFlags } from './server-flags.ts';
import { type ServerProcess, startServer } from './server-process.ts';

/** How the embedded server is run. */
export interface EmbeddedSettings {
  /** Everything of the server lies here; made when missing. */
  readonly folder: string;
  readonly logger: Logger;
  /** Over our own; tests trade durability for speed with it. */
  readonly flags?: { readonly [name: string]: string | number };
  readonly readyTimeoutMs?: number;
  /** Ways to start the server that may be chosen; all by default. */
  readonly launchers?: readonly LauncherKind[];
  /** Where data goes that another user must reach. */
  readonly stateFolder?: string;
  /** Reserves space for the day the disk is full. */
  readonly ballast?: boolean;
  /** Pauses before each start after the server ended by itself; when all are used up, it stays down. */
  readonly restartPausesMs?: readonly number[];
  /** A server that ran this long has recovered: later ends count anew. */
  readonly recoveredAfterMs?: number;
}

/** Where a server takes connections. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** The embedded server, kept running until it is stopped. */
export interface EmbeddedServer {
  /** May change when the server is started again. */
  address(): ServerAddress;
  readonly launcher: LauncherKind;
  /** Undefined while it does not run. */
  pid(): number | undefined;
  /** For a server that runs and does not answer. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const defaults = {
  readyTimeoutMs: 300_000,
  restartPausesMs: [100, 1_000, 5_000],
  recoveredAfterMs: 60_000,
  ballast: true,
};

/** Starts the server of a folder, after creating its data when there is none. Throws DatabaseError. */
export async function startEmbeddedServer(settings: EmbeddedSettings): Promise<EmbeddedServer> {
  const folder = resolve(settings.folder);
  const lock = await takeFolder(folder);
  try {
    const binaries = locateBinaries();
    const launcher = await chooseLauncher({
      postgres: binaries.postgres,
      folder,
      isMovedAway: isMovedAway(folder),
      ...(settings.launchers === undefined ? {} : { allowed: settings.launchers }),
    });
    const { stateFolder } = settings;
    const place = await preparePlace(stateFolder === undefined ? { folder } : { folder, stateFolder }, {
      binaries,
      launcher,
    });
    await clearPostmasterFile(place.data);
    await createCluster(place, launcher);
    const password = await readPassword(folder);
    const supervisor = new Supervisor({ ...defaults, ...settings, place, launcher, password });
    await supervisor.start();
    return {
      address: () => supervisor.address(),
      launcher: launcher.kind,
      pid: () => supervisor.pid(),
      restart: () => supervisor.restart(),
      stop: async () => {
        await supervisor.stop();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function takeFolder(folder: string): Promise<FolderLock> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return lockFolder(folder);
  } catch (error) {
    if (error instanceof FolderLockedError) {
      throw new DatabaseError('locked', `the database in ${folder} is ${error.message}`, error);
    }
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') {
      if (dropBallast(folder)) return takeFolder(folder);
      throw new DatabaseError('disk_full', `the disk of ${folder} is full: the database cannot start`, error);
    }
    throw error;
  }
}

interface SupervisorSettings extends EmbeddedSettings {
  readonly place: ClusterPlace;
  readonly launcher: Launcher;
  readonly password: string;
  readonly readyTimeoutMs: number;
  readonly restartPausesMs: readonly number[];
  readonly recoveredAfterMs: number;
  readonly ballast: boolean;
}

/** Another process took the port between our look and the server's. */
const portTaken = /could not bind|could not create any TCP/i;
/** Children of a server that was killed are still ending. */
const memoryInUse = /pre-existing shared memory block/i;
const diskFull = /no space left on device|disk quota exceeded/i;
const startAttempts = 50;
const startPauseMs = 100;

class Supervisor {
  readonly #settings: SupervisorSettings;
  #server: ServerProcess | undefined;
  #port = 0;
  readonly #stopping = new AbortController();
  #ends = 0;
  #restarting: Promise<void> = Promise.resolve();
  #recovery: NodeJS.Timeout | undefined;

  constructor(settings: SupervisorSettings) {
    this.#settings = settings;
  }

  address(): ServerAddress {
    const { password } = this.#settings;
    return { host: '127.0.0.1', port: this.#port, user: clusterRole, password, database: 'postgres' };
  }

  pid(): number | undefined {
    return this.#server?.pid;
  }

  /** Tries again where waiting, another port or the reserved space helps. */
  async start(): Promise<void> {
    const { place, launcher, flags, readyTimeoutMs, ballast, logger } = this.#settings;
    this.#port ||= await findFreePort();
    for (let attempt = 1; this.#server === undefined; attempt++) {
      try {
        this.#server = await startServer({
          binaries: place.binaries,
          launcher,
          data: place.data,
          port: this.#port,
          flags: { ...serverFlags, ...sharedMemoryFlags(), ...flags },
          readyTimeoutMs,
          noticeOutput: (text) => this.#noticeOutput(text),
        });
      } catch (error) {
        await this.#makeWay(error, attempt);
      }
    }
    void this.#server.ended.then(() => this.#noticeEnd());
    this.#recovery = setTimeout(() => {
      this.#ends = 0;
    }, this.#settings.recoveredAfterMs).unref();
    if (!ballast) return;
    layBallast(place.folder).catch((error: unknown) =>
      logger.warn({ error: String(error) }, 'no space could be reserved for the day the disk is full'),
    );
  }

  async restart(): Promise<void> {
    // Its end is noticed like any other.
    await this.#server?.stop();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#recovery);
    await this.#server?.stop();
    await this.#restarting;
    await this.#server?.stop();
  }

  async #makeWay(error: unknown, attempt: number): Promise<void> {
    const message = error instanceof Error ? error.message : String(error);
    const isFull = error instanceof DatabaseError && error.code === 'disk_full';
    if (isFull && dropBallast(this.#settings.place.folder)) return;
    if (attempt >= startAttempts || this.#stopping.signal.aborted) throw error;
    if (portTaken.test(message)) this.#port = await findFreePort();
    else if (memoryInUse.test(message)) await wait(startPauseMs);
    else throw error;
  }

  #noticeOutput(text: string): void {
    const { logger, place } = this.#settings;
    const isBad = /\b(WARNING|PANIC|FATAL):/.test(text);
    if (isBad) logger.warn({ text: text.trimEnd() }, 'the database server complains');
    else logger.debug({ text: text.trimEnd() }, 'the database server says');
    if (!diskFull.test(text) || !dropBallast(place.folder)) return;
    logger.error(
      { folder: place.folder },
      `the disk is full: the database got back the ${describeSize(ballastBytes)} kept for this, free space now`,
    );
  }

  #noticeEnd(): void {
    this.#server = undefined;
    clearTimeout(this.#recovery);
    if (!this.#stopping.signal.aborted) this.#restarting = this.#startAgain();
  }

  async #startAgain(): Promise<void> {
    const { logger, restartPausesMs, place } = this.#settings;
    while (!this.#stopping.signal.aborted) {
      const pauseMs = restartPausesMs[this.#ends];
      this.#ends++;
      if (pauseMs === undefined) {
        logger.error({ folder: place.folder }, 'the database server keeps ending and stays down until the next start');
        return;
      }
      logger.error({ pauseMs }, 'the database server has ended by itself and is started again');
      await wait(pauseMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      try {
        await clearPostmasterFile(place.data);
        if (!this.#stopping.signal.aborted) await this.start();
        return;
      } catch (error) {
        logger.error({ error: String(error) }, 'the database server could not be started again');
      }
    }
  }
}

/** The same address as a URL, for programs that take nothing else. */
export function addressUrl({ host, port, user, password, database }: ServerAddress): string {
  return `postgres://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}:${port}/${encodeURIComponent(database)}`;
}
