import pg from 'pg';
import type { ConnectionSource } from './connection-pool.ts';

/** How the server is looked at. */
export interface WatchSettings {
  readonly source: ConnectionSource;
  readonly intervalMs?: number;
  /** An answer later than this is none. */
  readonly deadlineMs?: number;
  /** Called after this many looks without an answer, for a server that can be started again. */
  readonly missesBeforeHung?: number;
  onHung?(): void;
}

const defaults = { intervalMs: 1_000, deadlineMs: 5_000, missesBeforeHung: 3 };

/** Asks the server for a sign of life on a connection of its own, so that busy pools do not count as a dead server. */
export class ServerWatch {
  readonly #settings: WatchSettings & typeof defaults;
  #client: pg.Client | undefined;
  #isAvailable = true;
  #misses = 0;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #looking: Promise<void> = Promise.resolve();

  constructor(settings: WatchSettings) {
    this.#settings = { ...defaults, ...settings };
    this.#lookLater();
  }

  isAvailable(): boolean {
    return this.#isAvailable;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    // Ends a question that is under way; whoever was still connecting has a client only afterwards.
    this.#drop();
    await this.#looking;
    this.#drop();
  }

  #lookLater(): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#looking = this.#look().finally(() => this.#lookLater());
    }, this.#settings.intervalMs);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    try {
      const client = (this.#client ??= await this.#connect());
      await client.query('SELECT 1');
      this.#isAvailable = true;
      this.#misses = 0;
    } catch (error) {
      this.#drop();
      this.#isAvailable = false;
      // A refusal is an answer: the server starts, or has no connection left.
      if (error instanceof pg.DatabaseError) return;
      this.#misses++;
      if (this.#misses % this.#settings.missesBeforeHung === 0 && !this.#isClosed) this.#settings.onHung?.();
    }
  }

  async #connect(): Promise<pg.Client> {
    const { source, deadlineMs } = this.#settings;
    const client = new pg.Client({
      ...source(),
      application_name: 'switchyard-watch',
      connectionTimeoutMillis: deadlineMs,
      query_timeout: deadlineMs,
    });
    client.on('error', () => undefined); // 'end' follows.
    client.once('end', () => {
      if (this.#client !== client) return;
      this.#client = undefined;
      this.#isAvailable = false;
    });
    await client.connect();
    return client;
  }

  #drop(): void {
    const client = this.#client;
    this.#client = undefined;
    client?.end().catch(() => undefined);
  }
}
