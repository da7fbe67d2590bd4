import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

/** A file being written and compressed. */
export interface CompressedFile {
  /** Gives a promise when whoever writes should pause; it never rejects, the error comes from `end`. */
  write(chunk: Buffer | string): Promise<void> | undefined;
  /** Resolves when everything has reached the disk. */
  end(): Promise<void>;
}

/** Opens a compressed file for writing from the start. */
export function openCompressedFile(path: string): CompressedFile {
  const input = createGzip();
  const written = pipeline(input, createWriteStream(path, { mode: 0o600, flush: true }));
  const over = written.catch(() => undefined);
  // One for all that wait: rows arrive by the hundred before a pause takes effect.
  let pause: Promise<void> | undefined;
  return {
    write: (chunk) => {
      if (input.write(chunk)) return undefined;
      pause ??= Promise.race([new Promise<void>((resolve) => input.once('drain', resolve)), over]).then(() => {
        pause = undefined;
      });
      return pause;
    },
    end: async () => {
      input.end();
      await written;
    },
  };
}
