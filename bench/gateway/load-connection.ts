import { connect, type Socket } from 'node:net';

const headEnd = Buffer.from('\r\n\r\n');
const lastChunk = '0\r\n\r\n';

/** Events of one answer. */
export interface AnswerListener {
  firstByte(): void;
  data(chunk: Buffer): void;
  done(isGood: boolean): void;
}

/** A keep-alive connection with one request under way, reading no more of HTTP than where an answer ends. */
export class LoadConnection {
  readonly #socket: Socket;
  readonly #listener: AnswerListener;
  #isOpen = false;
  #isWaiting = false;
  #isFirst = true;
  #isGood = false;
  #head: Buffer | undefined;
  /** Bytes of the body to come; negative for an answer in chunks. */
  #remaining = 0;
  #tail = '';

  constructor(port: number, listener: AnswerListener) {
    this.#listener = listener;
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('data', (chunk) => this.#take(chunk as Buffer));
    this.#socket.on('error', () => this.#socket.destroy());
    this.#socket.on('close', () => this.#closed());
    this.#socket.on('connect', () => {
      this.#isOpen = true;
    });
  }

  send(request: string): void {
    this.#isWaiting = true;
    this.#isFirst = true;
    this.#head = undefined;
    this.#tail = '';
    this.#socket.write(request, 'latin1');
  }

  get isOpen(): boolean {
    return this.#isOpen && !this.#socket.destroyed;
  }

  destroy(): void {
    this.#isWaiting = false;
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    if (!this.#isWaiting) return;
    if (!this.#isFirst) return this.#takeBody(chunk);
    const whole = this.#head ? Buffer.concat([this.#head, chunk]) : chunk;
    const bodyStart = whole.indexOf(headEnd);
    if (bodyStart < 0) {
      this.#head = whole;
      return;
    }
    const head = whole.toString('latin1', 0, bodyStart);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    this.#isGood = head.startsWith('HTTP/1.1 200');
    this.#remaining = length === undefined ? -1 : Number(length);
    const body = whole.subarray(bodyStart + headEnd.length);
    this.#head = undefined;
    if (body.length === 0 && this.#remaining !== 0) {
      // A head alone is not yet a first byte: that is the first of the body.
      this.#isFirst = false;
      this.#tail = 'head';
      return;
    }
    this.#isFirst = false;
    this.#listener.firstByte();
    this.#takeBody(body);
  }

  #takeBody(chunk: Buffer): void {
    if (this.#tail === 'head') {
      this.#tail = '';
      this.#listener.firstByte();
    }
    this.#listener.data(chunk);
    if (this.#remaining >= 0) {
      this.#remaining -= chunk.length;
      if (this.#remaining <= 0) this.#done(this.#isGood);
      return;
    }
    this.#tail = (this.#tail + chunk.toString('latin1', Math.max(0, chunk.length - 5))).slice(-5);
    if (this.#tail === lastChunk) this.#done(this.#isGood);
  }

  #closed(): void {
    if (this.#isWaiting) this.#done(false);
  }

  #done(isGood: boolean): void {
    this.#isWaiting = false;
    this.#listener.done(isGood);
  }
}
