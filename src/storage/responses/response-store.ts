import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { isMissing, removeFile, writeAtomically } from '../atomic-file.ts';
import { type Owner, ownedName } from '../owner.ts';
import { type KeptFile, scanResponses } from './scan-responses.ts';

/** How much is kept and for how long; the oldest goes first. */
export interface ResponseStoreLimits {
  readonly maxBytes: number;
  readonly maxFiles: number;
  readonly maxAgeMs: number;
  /** Bytes that wait to be written; above that new records are dropped, and the log says so. */
  readonly maxPendingBytes: number;
}

/** 1 GiB, 30 days. */
export const responseStoreLimits: ResponseStoreLimits = {
  maxBytes: 1024 ** 3,
  maxFiles: 250_000,
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
}

const parallelChanges = 8;

/**
 * Records of answered Responses requests, one file each, found only by the key that made them. What is put is found at
 * once and written a moment later, so that no answer waits for the disk.
 */
export class ResponseStore {
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #limits: ResponseStoreLimits;
  readonly #pending = new Map<string, PendingChange>();
  readonly #scanned: Promise<void>;
  /** Oldest first. */
  #files = new Map<string, KeptFile>();
  #sizeBytes = 0;
  #pendingBytes = 0;
  #writing: Promise<void> | undefined;

  constructor({ directory, clock, logger, limits }: ResponseStoreSettings) {
    this.#directory = directory;
    this.#clock = clock;
    this.#logger = logger;
    this.#limits = { ...responseStoreLimits, ...limits };
    this.#scanned = this.#scan();
  }

  /** Bytes on disk. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Keeps a record; it is found from now on. */
  put(owner: Owner, id: string, content: string): void {
    const sizeBytes = Buffer.byteLength(content);
    if (this.#pendingBytes + sizeBytes > this.#limits.maxPendingBytes) {
      this.#logger.warn({ sizeBytes, pendingBytes: this.#pendingBytes }, 'a response is not stored: the disk is slow');
      return;
    }
    this.#enqueue(ownedName(owner, id), { content });
  }

  /** Finds a record that is neither removed nor too old. */
  async get(owner: Owner, id: string): Promise<string | undefined> {
    const name = ownedName(owner, id);
    const pending = this.#pending.get(name);
    if (pending) return pending.content;
    return this.#read(name);
  }

  /** Removes a record; false when there was none. */
  async delete(owner: Owner, id: string): Promise<boolean> {
    const existed = (await this.get(owner, id)) !== undefined;
    if (existed) this.#enqueue(ownedName(owner, id), { content: undefined });
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
    this.#pendingBytes += sizeOf(change);
    this.#wake();
  }

  #wake(): void {
    this.#writing ??= this.#drain().finally(() => {
      this.#writing = undefined;
      if (this.#pending.size > 0) this.#wake();
    });
  }

  async #drain(): Promise<void> {
    await this.#scanned;
    while (this.#pending.size > 0) {
      const batch = [...this.#pending].slice(0, parallelChanges);
      await Promise.all(batch.map(([name, change]) => this.#apply(name, change)));
      this.#expire();
    }
  }

  async #apply(name: string, change: PendingChange): Promise<void> {
    const path = this.#pathOf(name);
    try {
      if (change.content === undefined) await removeFile(path);
      else await writeAtomically(path, change.content, { durable: false });
      this.#account(name, change);
    } catch (error) {
      this.#logger.error({ err: error }, 'a stored response could not be written');
    }
    // Replaced meanwhile: the newer change has its own turn.
    if (this.#pending.get(name) === change) this.#forgetPending(name);
  }

  #account(name: string, change: PendingChange): void {
    this.#sizeBytes -= this.#files.get(name)?.sizeBytes ?? 0;
    this.#files.delete(name);
    if (change.content === undefined) return;
    const sizeBytes = sizeOf(change);
    this.#files.set(name, { sizeBytes, atMs: this.#clock.nowMs() });
    this.#sizeBytes += sizeBytes;
  }

  /** Removes the oldest until the limits are met. */
  #expire(): void {
    const { maxBytes, maxFiles, maxAgeMs } = this.#limits;
    const tooOldMs = this.#clock.nowMs() - maxAgeMs;
    let sizeBytes = this.#sizeBytes;
    let count = this.#files.size;
    for (const [name, file] of this.#files) {
      if (sizeBytes <= maxBytes && count <= maxFiles && file.atMs >= tooOldMs) return;
      sizeBytes -= file.sizeBytes;
      count--;
      if (!this.#pending.has(name)) this.#enqueue(name, { content: undefined });
    }
  }

  #forgetPending(name: string): void {
    const change = this.#pending.get(name);
    if (!change) return;
    this.#pending.delete(name);
    this.#pendingBytes -= sizeOf(change);
  }

  async #scan(): Promise<void> {
    try {
      this.#files = await scanResponses(this.#directory);
      for (const { sizeBytes } of this.#files.values()) this.#sizeBytes += sizeBytes;
    } catch (error) {
      this.#logger.error({ err: error }, 'the folder of stored responses could not be read');
    }
  }

  async #read(name: string): Promise<string | undefined> {
    let file: FileHandle;
    try {
      file = await open(this.#pathOf(name), 'r');
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
    try {
      const { mtimeMs } = await file.stat();
      if (mtimeMs < this.#clock.nowMs() - this.#limits.maxAgeMs) return undefined;
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  }

  /** Spread over folders: one with hundreds of thousands of files is slow everywhere. */
  #pathOf(name: string): string {
    return join(this.#directory, name.slice(0, 2), `${name}.json`);
  }
}

function sizeOf({ content }: PendingChange): number {
  return content === undefined ? 0 : Buffer.byteLength(content);
}
