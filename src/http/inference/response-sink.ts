import type { ServerResponse } from 'node:http';
import type { ClientSink } from '../../dispatch/index.ts';

/** The client's connection over node:http. */
export class ResponseSink implements ClientSink {
  readonly #response: ServerResponse;
  #gone = false;
  #onGone: (() => void) | undefined;

  constructor(response: ServerResponse) {
    this.#response = response;
    // The request's own `close` fires once its body is read; only the response tells that the client left.
    response.on('close', () => {
      if (response.writableFinished) return;
      this.#gone = true;
      this.#onGone?.();
    });
    // A broken pipe is told by `close`.
    response.on('error', () => undefined);
  }

  get started(): boolean {
    return this.#response.headersSent;
  }

  get gone(): boolean {
    return this.#gone;
  }

  start(status: number, headers: { readonly [name: string]: string }): void {
    this.#response.writeHead(status, headers);
  }

  write(bytes: Buffer | string): boolean {
    return this.#gone || this.#response.write(bytes);
  }

  end(bytes?: Buffer | string): void {
    if (bytes === undefined) this.#response.end();
    else this.#response.end(bytes);
  }

  destroy(): void {
    this.#response.destroy();
  }

  onDrain(listener: () => void): void {
    this.#response.on('drain', listener);
  }

  onGone(listener: () => void): void {
    this.#onGone = listener;
    if (this.#gone) listener();
  }
}
