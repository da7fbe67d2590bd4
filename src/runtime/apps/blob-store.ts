import { readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from '../../platform/read-optional-file.ts';
import { writeAtomically } from '../../storage/index.ts';
import { sha256Of } from './version-digest.ts';

/** Bytes by their digest: what is there never changes. */
export interface BlobStore {
  /** Keeps bytes durably and answers their digest. */
  put(bytes: Buffer): Promise<string>;
  /** undefined when they are not here. Throws when what is there is not what it was. */
  get(sha256: string): Promise<Buffer | undefined>;
}

/** Keeps blobs in a folder, each under its digest. */
export class FolderBlobStore implements BlobStore {
  readonly #folder: string;
  #unfinished = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async put(bytes: Buffer): Promise<string> {
    const sha256 = sha256Of(bytes);
    const file = this.#fileOf(sha256);
    if (await isOfSize(file, bytes.length)) return sha256;
    // Two writers of the same bytes must not share an unfinished file.
    const own = `${file}.${this.#unfinished++}`;
    await writeAtomically(own, bytes, { durable: true });
    await rename(own, file);
    return sha256;
  }

  async get(sha256: string): Promise<Buffer | undefined> {
    try {
      const bytes = await readFile(this.#fileOf(sha256));
      if (sha256Of(bytes) !== sha256) throw new Error(`the stored bytes of ${sha256} are damaged`);
      return bytes;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  #fileOf(sha256: string): string {
    return join(this.#folder, sha256.slice(0, 2), sha256);
  }
}

async function isOfSize(file: string, sizeBytes: number): Promise<boolean> {
  try {
    return (await stat(file)).size === sizeBytes;
  } catch {
    // Not there yet.
    return false;
  }
}
