import type { Kysely } from 'kysely';
import type { Tables } from './tables/index.ts';

/** Who executes the SQL: our own server, one the operator runs, or the in-process fallback that never syncs. */
export type DatabaseEngine = 'embedded' | 'external' | 'pglite';

/** How a listener is called besides notifications. */
export interface ListenSettings {
  /** Also calls the listener with an empty payload at this interval, since notifications are lost while reconnecting. */
  readonly pollMs?: number;
}

/** The database of the product: SQL, notifications and leader election behind one handle. */
export interface Database {
  readonly db: Kysely<Tables>;
  readonly engine: DatabaseEngine;
  /** Calls back for each notification, and with an empty payload when some may have been missed; returns how to stop. */
  listen(channel: string, listener: (payload: string) => void, settings?: ListenSettings): Promise<() => Promise<void>>;
  notify(channel: string, payload: string): Promise<void>;
  /**
   * Runs the work if nobody else leads under this name, else answers undefined at once. The signal aborts when the
   * leadership is lost; two leaders for a moment are normal, so the work must be idempotent.
   */
  withLeader<T>(name: string, work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined>;
  /** Where another thread of ours connects to right now; undefined when the database lives inside this thread. */
  connectionUrl(): string | undefined;
  /** Did the last look at the server find it answering? Never waits. */
  isAvailable(): boolean;
  close(): Promise<void>;
}
