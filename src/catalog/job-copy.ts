import { join } from 'node:path';
import { jobSchema } from '../config/index.ts';
import { readOptionalFile } from '../platform/read-optional-file.ts';
import { writeAtomically } from '../storage/index.ts';
import type { StoredJob } from './resolved.ts';

/**
 * The jobs of the control API beside the journal: a gateway that starts without the database knows them, and so do
 * commands that work on the data folder alone.
 */
export class JobCopy {
  readonly #file: string;
  #written: string | undefined;

  constructor(dataDirectory: string) {
    this.#file = join(dataDirectory, 'jobs.json');
  }

  /** None when there is no copy; one that this program cannot read, because a newer one wrote it, is no job of it. */
  async read(): Promise<readonly StoredJob[]> {
    const text = await readOptionalFile(this.#file);
    const value = text === undefined ? undefined : parse(text);
    if (!Array.isArray(value)) return [];
    return value.flatMap((one: unknown): StoredJob[] => {
      const { name, settings } = (one ?? {}) as { readonly name?: unknown; readonly settings?: unknown };
      const read = jobSchema.safeParse(settings);
      return typeof name === 'string' && read.success ? [{ name, settings: read.data }] : [];
    });
  }

  /** Written only when it differs from what was written last. */
  async write(jobs: readonly StoredJob[]): Promise<void> {
    const text = JSON.stringify(jobs);
    if (text === this.#written) return;
    await writeAtomically(this.#file, text, { durable: false });
    this.#written = text;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The database says it again as soon as it is open.
    return undefined;
  }
}
