import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readOptionalFile } from '../../platform/read-optional-file.ts';
import { writeAtomically } from '../../storage/index.ts';
import type { Sample } from './sample-book.ts';

/** Samples of one job on the disk, one JSON object a line, the newest last; written in order, never waited for. */
export class SampleFile {
  readonly #file: string;
  #lines = 0;
  /** A crash cut the last line: the next begins a new one. */
  #isCut = false;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(file: string) {
    this.#file = file;
  }

  /** What is there; lines that a crash cut are left out. */
  async read(): Promise<readonly Sample[]> {
    const text = (await readOptionalFile(this.#file)) ?? '';
    const samples = text.split('\n').flatMap((line) => parse(line) ?? []);
    this.#lines = samples.length;
    this.#isCut = text !== '' && !text.endsWith('\n');
    return samples;
  }

  /** Adds one; what is too old is dropped when it is as much as what is kept. */
  add(sample: Sample, kept: readonly Sample[]): Promise<unknown> {
    this.#writing = this.#writing.catch(() => undefined).then(() => this.#add(sample, kept));
    return this.#writing;
  }

  async #add(sample: Sample, kept: readonly Sample[]): Promise<void> {
    if (this.#lines >= 2 * kept.length && this.#lines > 0) {
      await writeAtomically(this.#file, kept.map((one) => `${JSON.stringify(one)}\n`).join(''), { durable: false });
      this.#lines = kept.length;
      this.#isCut = false;
      return;
    }
    await mkdir(dirname(this.#file), { recursive: true, mode: 0o700 });
    await appendFile(this.#file, `${this.#isCut ? '\n' : ''}${JSON.stringify(sample)}\n`, { mode: 0o600 });
    this.#isCut = false;
    this.#lines++;
  }
}

function parse(line: string): Sample | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && 'requestId' in value ? (value as Sample) : undefined;
  } catch {
    // The last line of a crash, or the empty one at the end.
    return undefined;
  }
}
