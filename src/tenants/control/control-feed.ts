import { join } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { readOptionalFile } from '../../platform/read-optional-file.ts';
import { type Database, writeAtomically } from '../../storage/index.ts';
import {
  type ControlSnapshot,
  parseSnapshot,
  readControlSnapshot,
  readControlVersion,
  writeSnapshot,
} from './control-snapshot.ts';
import { controlChannel } from './control-store.ts';

/** What a feed needs. */
export interface ControlFeedSettings {
  readonly dataDirectory: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly pollMs?: number;
  /** Called with each new snapshot, in order. */
  changed(snapshot: ControlSnapshot): void;
}

const defaultPollMs = 1_000;

/**
 * Keeps a gateway's snapshot of the database current: told of changes at once, asking once a second in case a
 * notification was lost, and booting from the disk while the database is away.
 */
export class ControlFeed {
  readonly #settings: ControlFeedSettings;
  readonly #file: string;
  #snapshot: ControlSnapshot | undefined;
  #confirmedAtMs: number | undefined;
  #reading: Promise<void> | undefined;
  #isStale = false;
  #stop: (() => Promise<void>) | undefined;

  constructor(settings: ControlFeedSettings) {
    this.#settings = settings;
    this.#file = join(settings.dataDirectory, 'control-snapshot.json');
  }

  get snapshot(): ControlSnapshot | undefined {
    return this.#snapshot;
  }

  /** How long ago the database last confirmed the snapshot; undefined without one. What was revoked since still works. */
  get ageMs(): number | undefined {
    return this.#confirmedAtMs === undefined ? undefined : this.#settings.clock.nowMs() - this.#confirmedAtMs;
  }

  /** Takes what the last run left on the disk, so that the gateway can start without the database. */
  async loadFromDisk(): Promise<void> {
    const text = await readOptionalFile(this.#file);
    const snapshot = text === undefined ? undefined : parseSnapshot(text);
    if (snapshot === undefined || this.#snapshot !== undefined) return;
    this.#confirmedAtMs = snapshot.readAtMs;
    this.#take(snapshot);
  }

  /** Follows the database from now on. Throws when it does not answer the first question. */
  async follow(database: Database): Promise<void> {
    const ask = (): void => void this.refresh(database).catch((error: unknown) => this.#failed(error));
    this.#stop = await database.listen(controlChannel, ask, { pollMs: this.#settings.pollMs ?? defaultPollMs });
    await this.refresh(database);
  }

  /** Reads the database's snapshot if it is newer. Questions that come while one is asked are answered by one more. */
  async refresh(database: Database): Promise<void> {
    if (this.#reading !== undefined) {
      this.#isStale = true;
      return this.#reading;
    }
    this.#reading = this.#read(database).finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async close(): Promise<void> {
    await this.#stop?.();
    await this.#reading?.catch(() => undefined);
  }

  async #read(database: Database): Promise<void> {
    const { clock } = this.#settings;
    do {
      this.#isStale = false;
      const nowMs = clock.nowMs();
      if ((await readControlVersion(database.db)) !== this.#snapshot?.version) {
        const snapshot = await readControlSnapshot(database.db, nowMs);
        this.#take(snapshot);
        await writeAtomically(this.#file, writeSnapshot(snapshot), { durable: true });
      }
      this.#confirmedAtMs = nowMs;
    } while (this.#isStale);
  }

  #take(snapshot: ControlSnapshot): void {
    this.#snapshot = snapshot;
    this.#settings.changed(snapshot);
  }

  #failed(error: unknown): void {
    this.#settings.logger.warn(
      { error: String(error), ageMs: this.ageMs },
      'customers and keys could not be refreshed',
    );
  }
}
