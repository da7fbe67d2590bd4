import { Transform, type TransformCallback } from 'node:stream';

/** Lets bytes through and counts them; fails with `ByteLimitError` beyond its limit. */
export class ByteMeter extends Transform {
  readonly #limitBytes: number;
  readonly #noted: ((bytes: number) => void) | undefined;
  #bytes = 0;

  constructor(limitBytes: number, noted?: (bytes: number) => void) {
    super();
    this.#limitBytes = limitBytes;
    this.#noted = noted;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.#bytes += chunk.length;
    this.#noted?.(chunk.length);
    if (this.#bytes > this.#limitBytes) callback(new ByteLimitError(this.#limitBytes));
    else callback(null, chunk);
  }
}

/** More bytes than allowed. */
export class ByteLimitError extends Error {
  override readonly name = 'ByteLimitError';

  constructor(limitBytes: number) {
    super(`more than ${limitBytes} bytes`);
  }
}
