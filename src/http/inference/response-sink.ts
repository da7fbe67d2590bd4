import { isAscii } from 'node:buffer';
import type { ServerResponse } from 'node:http';
import type { AnswerHeaders, ClientSink } from '../../dispatch/index.ts';

/** Above this size copying a body beside its head costs more than a second piece in the same system call. */
const maxJoinedBytes = 64 * 1024;

interface Head {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly more: AnswerHeaders | undefined;
}

/**
 * The client's connection over node:http. Made for few system calls and few pieces: the head waits for what follows
 * it, and what is written in one turn of the event loop leaves as one chunk, in that same turn.
 */
export class ResponseSink implements ClientSink {
  readonly #response: ServerResponse;
  readonly #stallMs: number;
  #gone = false;
  #onGone: (() => void) | undefined;
  #head: Head | undefined;
  #isStarted = false;
  #pieces: (Buffer | string)[] = [];

  /** A client that takes nothing of the end of its answer for `stallMs` is given up. */
  constructor(response: ServerResponse, stallMs: number) {
    this.#response = response;
    this.#stallMs = stallMs;
    // The request's own `close` fires once its body is read; only the response tells that the client left.
    response.on('close', () => {
      if (response.writableFinished) return;
      this.#gone = true;
      this.#pieces = [];
      this.#onGone?.();
    });
    // A broken pipe is told by `close`.
    response.on('error', () => undefined);
  }

  get started(): boolean {
    return this.#isStarted;
  }

  get gone(): boolean {
    return this.#gone;
  }

  start(status: number, headers: AnswerHeaders, more?: AnswerHeaders): void {
    this.#isStarted = true;
    this.#head = { status, headers, more };
  }

  write(bytes: Buffer | string): boolean {
    if (this.#gone) return true;
    // Queued behind the current callback, so that nothing waits longer than for its neighbours from the same read.
    if (this.#pieces.push(bytes) === 1) process.nextTick(flush, this);
    return !this.#response.writableNeedDrain;
  }

  end(bytes: Buffer | string = ''): void {
    const body = joined(this.#pieces, bytes);
    const isWhole = this.#head !== undefined;
    this.#pieces = [];
    this.#sendHead(isWhole ? Buffer.byteLength(body) : undefined);
    // Node joins a text with the head into one piece, and only a text.
    if (isWhole && typeof body !== 'string' && body.length <= maxJoinedBytes && isAscii(body)) {
      this.#response.end(body.toString('latin1'), 'latin1');
    } else this.#response.end(body);
    // Most ends leave at once: only what waits for the client is worth a timer.
    const waits = (this.#response.socket?.writableLength ?? 0) > 0;
    if (waits) this.#response.setTimeout(this.#stallMs, () => this.#response.destroy());
  }

  destroy(): void {
    this.#pieces = [];
    this.#response.destroy();
  }

  onDrain(listener: () => void): void {
    this.#response.on('drain', listener);
  }

  onGone(listener: () => void): void {
    this.#onGone = listener;
    if (this.#gone) listener();
  }

  /** Hands on what was written in this turn. */
  flush(): void {
    if (this.#pieces.length === 0) return;
    const bytes = joined(this.#pieces, '');
    this.#pieces = [];
    try {
      this.#sendHead(undefined);
      this.#response.write(bytes);
    } catch {
      // A head that HTTP does not allow. Nobody is above this turn to be told, and half an answer is none.
      this.#response.destroy();
    }
  }

  #sendHead(lengthBytes: number | undefined): void {
    if (!this.#head) return;
    const { status, headers, more } = this.#head;
    this.#head = undefined;
    const pairs: string[] = [];
    addPairs(headers, pairs);
    if (more) addPairs(more, pairs);
    if (lengthBytes !== undefined) pairs.push('content-length', String(lengthBytes));
    this.#response.writeHead(status, pairs);
  }
}

function addPairs(headers: AnswerHeaders, pairs: string[]): void {
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) pairs.push(name, value);
  }
}

function flush(sink: ResponseSink): void {
  sink.flush();
}

function joined(pieces: readonly (Buffer | string)[], last: Buffer | string): Buffer | string {
  const all = last.length === 0 ? pieces : [...pieces, last];
  const [first = ''] = all;
  if (all.length <= 1) return first;
  return Buffer.concat(all.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece)));
}
