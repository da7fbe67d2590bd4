import type { IncomingHttpHeaders } from 'node:http';
import type { UpstreamFailure } from '../../providers/contract.ts';

const maxErrorBytes = 256 * 1024;

/** Gathers the body of an answer that is not what was asked for, bounded. */
export class ErrorBody {
  readonly #status: number;
  readonly #headers: IncomingHttpHeaders;
  readonly #chunks: Buffer[] = [];
  #sizeBytes = 0;

  constructor(status: number, headers: IncomingHttpHeaders) {
    this.#status = status;
    this.#headers = headers;
  }

  /** False when enough was read to classify it. */
  push(chunk: Buffer): boolean {
    this.#chunks.push(chunk);
    this.#sizeBytes += chunk.length;
    return this.#sizeBytes < maxErrorBytes;
  }

  /** The status alone says that the call failed; a good one may only have an unexpected type. */
  get isRefusal(): boolean {
    return this.#status >= 300;
  }

  failure(): UpstreamFailure {
    return { kind: 'status', status: this.#status, headers: this.#headers, body: Buffer.concat(this.#chunks) };
  }
}
