import { open, readdir, readFile, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from '../../platform/read-optional-file.ts';
import { removeFile, unfinishedSuffix, writeAtomically } from '../atomic-file.ts';
import { encodePack, type NamedRecord, readPackHeader, type RecordSpan } from './pack-file.ts';

/** How much may lie on disk. */
export interface FileLimits {
  readonly maxBytes: number;
  readonly maxRecords: number;
  /** Files written before are too old. */
  readonly oldestMs: number;
}

interface KeptFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly atMs: number;
  readonly names: readonly string[];
}

interface Place {
  readonly file: KeptFile;
  readonly span: RecordSpan;
}

const recordSuffix = '.json';
const packSuffix = '.pack';
const packFolder = 'packs';

/**
 * Records on disk: one file each, or many in one when they come so fast that a file each would cost more than the
 * answers themselves. Changes must come one after the other; reading may happen at any time.
 */
export class RecordFiles {
  readonly #directory: string;
  /** Oldest first, by path. */
  readonly #files = new Map<string, KeptFile>();
  readonly #packed = new Map<string, Place>();
  #sizeBytes = 0;
  #recordCount = 0;
  #packNumber = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Finds what an earlier process left, and removes what it did not finish writing. */
  async scan(): Promise<void> {
    const found: KeptFile[] = [];
    const spans = new Map<string, readonly RecordSpan[]>();
    for (const folder of await listFolder(this.#directory)) {
      for (const name of await listFolder(join(this.#directory, folder))) {
        const path = join(this.#directory, folder, name);
        if (name.endsWith(unfinishedSuffix)) await removeFile(path);
        else if (name.endsWith(packSuffix)) spans.set(path, await readSpans(path));
        if (!name.endsWith(recordSuffix) && !spans.has(path)) continue;
        const { size, mtimeMs } = await stat(path);
        const names = spans.get(path)?.map((span) => span.name) ?? [name.slice(0, -recordSuffix.length)];
        found.push({ path, sizeBytes: size, atMs: mtimeMs, names });
      }
    }
    found.sort((left, right) => left.atMs - right.atMs);
    for (const file of found) this.#add(file, spans.get(file.path));
  }

  /** Reads a record that is not older than given. Before the scan is done, older packs are not known yet. */
  async read(name: string, oldestMs: number): Promise<string | undefined> {
    const place = this.#packed.get(name);
    if (!place) return readRecord(this.#pathOf(name), oldestMs);
    if (place.file.atMs < oldestMs) return undefined;
    const content = await readSpan(place);
    // Its file was written anew in the meantime.
    return content === undefined && this.#packed.get(name) !== place ? this.read(name, oldestMs) : content;
  }

  /** Writes records; those of the same names are replaced. */
  async write(records: readonly NamedRecord[], nowMs: number): Promise<void> {
    for (const { name } of records) await this.remove(name);
    const [first] = records;
    if (!first) return;
    if (records.length > 1) return void (await this.#writePack(records, nowMs));
    const path = this.#pathOf(first.name);
    await writeAtomically(path, first.content, { durable: false });
    this.#add({ path, sizeBytes: Buffer.byteLength(first.content), atMs: nowMs, names: [first.name] }, undefined);
  }

  /** Removes a record, with every trace of it. */
  async remove(name: string): Promise<void> {
    const place = this.#packed.get(name);
    if (place) return this.#removePacked(place);
    const path = this.#pathOf(name);
    const file = this.#files.get(path);
    if (!file) return;
    await removeFile(path);
    this.#forget(file);
  }

  /** Removes the oldest files until the limits are met. */
  async expire({ maxBytes, maxRecords, oldestMs }: FileLimits): Promise<void> {
    for (const file of this.#files.values()) {
      if (this.#sizeBytes <= maxBytes && this.#recordCount <= maxRecords && file.atMs >= oldestMs) return;
      await removeFile(file.path);
      this.#forget(file);
    }
  }

  async #writePack(records: readonly NamedRecord[], atMs: number): Promise<string> {
    const { bytes, spans } = encodePack(records);
    const number = String(this.#packNumber++).padStart(6, '0');
    const path = join(this.#directory, packFolder, `${records[0]?.name ?? ''}-${number}${packSuffix}`);
    await writeAtomically(path, bytes, { durable: false });
    this.#add({ path, sizeBytes: bytes.length, atMs, names: records.map(({ name }) => name) }, spans);
    return path;
  }

  /** The rest of the pack goes to a new file, so that whoever reads the old one is not disturbed. */
  async #removePacked({ file, span }: Place): Promise<void> {
    const rest: NamedRecord[] = [];
    for (const name of file.names) {
      const place = name === span.name ? undefined : this.#packed.get(name);
      const content = place && (await readSpan(place));
      if (content !== undefined) rest.push({ name, content });
    }
    if (rest.length > 0) {
      const path = await this.#writePack(rest, file.atMs);
      // As old as before, also to the next process.
      await utimes(path, file.atMs / 1000, file.atMs / 1000);
    }
    this.#forget(file);
    await removeFile(file.path);
  }

  #add(file: KeptFile, spans: readonly RecordSpan[] | undefined): void {
    this.#files.set(file.path, file);
    this.#sizeBytes += file.sizeBytes;
    this.#recordCount += file.names.length;
    for (const span of spans ?? []) this.#packed.set(span.name, { file, span });
  }

  #forget(file: KeptFile): void {
    if (!this.#files.delete(file.path)) return;
    this.#sizeBytes -= file.sizeBytes;
    this.#recordCount -= file.names.length;
    for (const name of file.names) if (this.#packed.get(name)?.file === file) this.#packed.delete(name);
  }

  /** Spread over folders: one with hundreds of thousands of files is slow everywhere. */
  #pathOf(name: string): string {
    return join(this.#directory, name.slice(0, 2), name + recordSuffix);
  }
}

async function readSpans(path: string): Promise<readonly RecordSpan[]> {
  const file = await open(path, 'r');
  try {
    return await readPackHeader(file);
  } finally {
    await file.close();
  }
}

async function readSpan({ file: { path }, span }: Place): Promise<string | undefined> {
  try {
    const file = await open(path, 'r');
    try {
      const content = Buffer.alloc(span.sizeBytes);
      const { bytesRead } = await file.read(content, 0, span.sizeBytes, span.offset);
      return bytesRead === span.sizeBytes ? content.toString('utf8') : undefined;
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function readRecord(path: string, oldestMs: number): Promise<string | undefined> {
  try {
    const { mtimeMs } = await stat(path);
    return mtimeMs < oldestMs ? undefined : await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function listFolder(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    const isNoFolder = error instanceof Error && 'code' in error && error.code === 'ENOTDIR';
    if (isNoFolder || isMissing(error)) return [];
    throw error;
  }
}
