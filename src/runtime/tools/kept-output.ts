import type { OutputChunk } from '../contract.ts';

/** Of each stream the beginning and the end are kept: what a program prints first and last tells most. */
const keptHeadBytes = 12 * 1024;
const keptTailBytes = 4 * 1024;

/** Keeps what a model can read of a program's output; the rest is counted. */
export class KeptOutput {
  readonly #streams = { stdout: new KeptStream(), stderr: new KeptStream() };

  take({ stream, bytes }: OutputChunk): void {
    this.#streams[stream].take(bytes);
  }

  get stdout(): string {
    return this.#streams.stdout.text;
  }

  get stderr(): string {
    return this.#streams.stderr.text;
  }
}

class KeptStream {
  #head = Buffer.alloc(0);
  #tail = Buffer.alloc(0);
  #leftOutBytes = 0;

  take(bytes: Uint8Array): void {
    const room = keptHeadBytes - this.#head.length;
    if (room > 0) this.#head = Buffer.concat([this.#head, bytes.subarray(0, room)]);
    const rest = bytes.subarray(Math.max(0, room));
    if (rest.length === 0) return;
    const tail = Buffer.concat([this.#tail, rest]);
    this.#leftOutBytes += Math.max(0, tail.length - keptTailBytes);
    this.#tail = tail.subarray(-keptTailBytes);
  }

  get text(): string {
    if (this.#leftOutBytes === 0) return Buffer.concat([this.#head, this.#tail]).toString('utf8');
    return `${this.#head.toString('utf8')}\n[… ${this.#leftOutBytes} bytes left out …]\n${this.#tail.toString('utf8')}`;
  }
}
