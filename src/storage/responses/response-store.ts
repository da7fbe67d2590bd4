import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { type Owner, ownedName } from '../owner.ts';
import { maxPackedRecords, type NamedRecord } from './pack-file.ts';
import { RecordFiles } from './record-files.ts';

/** How much is kept and for how long; the oldest goes first. */
export interface ResponseStoreLimits {
  readonly maxBytes: number;
  readonly maxRecords: number;
  readonly maxAgeMs: number;
  /** Bytes that wait to be written; above that new records are dropped, and the log says so. */
  readonly maxPendingBytes: number;
}

/** 1 GiB, 30 days. */
const responseStoreLimits: ResponseStoreLimits = {
  maxBytes: 1024 ** 3,
  maxRecords: 250_000,
  maxAgeMs: 30 * 86_400_000,
  maxPendingBytes: 64 * 1024 ** 2,
};

/** What a store works with. */
export interface ResponseStoreSettings {
  readonly directory: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: Partial<ResponseStoreLimits>;
}

/** A change on its way to the disk; without content it is a removal. */
interface PendingChange {
  readonly content: string | undefined;
  readonly sizeBytes: number;
}

/** Records that come within this time are written together. */
const gatherMs = 20;

/**
 * Records of answered Responses requests, found only by the key that made them. What is put is found at once and
 * written a moment later, so that no answer waits for the disk.
 */
export class ResponseStore {
  readonly #files: RecordFiles;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #limits: ResponseStoreLimits;
  readonly #pending = new Map<string, PendingChange>();
  readonly #scanned: Promise<void>;
  #pendingBytes = 0;
  #writing: Promise<void> | undefined;

  constructor({ directory, clock, logger, limits }: ResponseStoreSettings) {
    this.#files = new RecordFiles(directory);
    this.#clock = clock;
    this.#logger = logger;
    this.#limits = { ...responseStoreLimits, ...limits };
    this.#scanned = this.#files.scan().catch((error: unknown) => {
      logger.error({ err: error }, 'the folder of stored responses could not be read');
    });
  }

  /** Bytes on disk. */
  get sizeBytes(): number {
    return this.#files.sizeBytes;
  }

  /** Keeps a record; it is found from now on. */
  put(owner: Owner, id: string, content: string): void {
    const sizeBytes = Buffer.byteLength(content);
    if (this.#pendingBytes + sizeBytes > this.#limits.maxPendingBytes) {
      this.#logger.warn({ sizeBytes, pendingBytes: this.#pendingBytes }, 'a response is not stored: the disk is slow');
      return;
    }
    this.#enqueue(ownedName(owner, id), { content, sizeBytes });
  }

  /** Finds a record that is neither removed nor too old. */
  async get(owner: Owner, id: string): Promise<string | undefined> {
    const name = ownedName(owner, id);
    const pending = this.#pending.get(name);
    if (pending) return pending.content;
    const found = await this.#files.read(name, this.#oldestMs());
    if (found !== undefined) return found;
    // It may lie in a file of an earlier process that was not looked at yet.
    await this.#scanned;
    return this.#files.read(name, this.#oldestMs());
  }

  /** Removes a record; false when there was none. */
  async delete(owner: Owner, id: string): Promise<boolean> {
    const existed = (await this.get(owner, id)) !== undefined;
    if (existed) this.#enqueue(ownedName(owner, id), { content: undefined, sizeBytes: 0 });
    return existed;
  }

  /** Resolves when everything put so far is on disk and the limits are met. */
  async settled(): Promise<void> {
    await this.#scanned;
    while (this.#writing) await this.#writing;
  }

  #enqueue(name: string, change: PendingChange): void {
    this.#forgetPending(name);
    this.#pending.set(name, change);
    this.#pendingBytes += change.sizeBytes;
    this.#writing ??= this.#drain();
  }

  async #drain(): Promise<void> {
    await this.#scanned;
    while (this.#pending.size > 0) {
      // A full batch does not wait for more.
      if (this.#pending.size < maxPackedRecords) await delay(gatherMs);
      const batch = [...this.#pending].slice(0, maxPackedRecords);
      await this.#apply(batch).catch((error: unknown) => {
        this.#logger.error({ err: error, records: batch.length }, 'stored responses could not be written');
      });
      // What was replaced meanwhile has its own turn.
      for (const [name, change] of batch) if (this.#pending.get(name) === change) this.#forgetPending(name);
    }
    // At once, not in a callback: what is put in between would wait for ever.
    this.#writing = undefined;
  }

  async #apply(batch: readonly (readonly [string, PendingChange])[]): Promise<void> {
    const records: NamedRecord[] = [];
    for (const [name, { content }] of batch) {
      if (content === undefined) await this.#files.remove(name);
      else records.push({ name, content });
    }
    await this.#files.write(records, this.#clock.nowMs());
    const { maxBytes, maxRecords } = this.#limits;
    await this.#files.expire({ maxBytes, maxRecords, oldestMs: this.#oldestMs() });
  }

  #forgetPending(name: string): void {
    const change = this.#pending.get(name);
    if (!change) return;
    this.#pending.delete(name);
    this.#pendingBytes -= change.sizeBytes;
  }

  #oldestMs(): number {
    return this.#clock.nowMs() - this.#limits.maxAgeMs;
  }
}
