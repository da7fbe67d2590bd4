import type { Readable } from 'node:stream';
import type { OutputChunk } from '../contract.ts';

/** At most this much waits for a slow reader; then the guest waits. */
const highBytes = 256 * 1024;

/**
 * Carries a command's output from its pipes to one reader. Never more than a bound is in memory: a reader that is slow
 * holds the guest back, and at the cap reading stops altogether and `full` is called once.
 */
export class OutputPipe {
  readonly #streams: Readable[] = [];
  readonly #queue: OutputChunk[] = [];
  readonly #capBytes: number;
  readonly #full: () => void;
  #queuedBytes = 0;
  #wake: (() => void) | undefined;
  #isFull = false;
  #isEnded = false;
  #isDropping = false;
  /** All that arrived, also beyond the cap. */
  readonly bytes = { stdout: 0, stderr: 0 };
  #lastChunk = 0;

  constructor(capBytes: number, full: () => void) {
    this.#capBytes = capBytes;
    this.#full = full;
  }

  /** Chunks so far; tells whether the pipes are quiet. */
  get activity(): number {
    return this.#lastChunk;
  }

  /** Starts reading. */
  attach(name: 'stdout' | 'stderr', stream: Readable): void {
    this.#streams.push(stream);
    stream.on('data', (bytes: Buffer) => this.#take(name, bytes));
  }

  /** Puts in something of our own: why a command could not be started. */
  say(name: 'stdout' | 'stderr', text: string): void {
    this.#take(name, Buffer.from(text));
  }

  #take(name: 'stdout' | 'stderr', bytes: Buffer): void {
    this.#lastChunk += 1;
    const before = this.bytes.stdout + this.bytes.stderr;
    this.bytes[name] += bytes.length;
    if (this.#isEnded) return;
    const room = Math.max(0, this.#capBytes - before);
    const kept = room < bytes.length ? bytes.subarray(0, room) : bytes;
    if (kept.length > 0 && !this.#isDropping) {
      this.#queue.push({ stream: name, bytes: kept });
      this.#queuedBytes += kept.length;
    }
    if (kept.length < bytes.length && !this.#isFull) {
      this.#isFull = true;
      this.#full();
    }
    this.#steer();
    this.#wake?.();
  }

  /** Reads on without keeping anything, so that an ended command's pipes run empty. */
  drain(): void {
    for (const stream of this.#streams) stream.resume();
    this.#isFull = false;
    this.#isDropping = true;
  }

  /** No more will come. */
  end(): void {
    this.#isEnded = true;
    for (const stream of this.#streams) stream.destroy();
    this.#wake?.();
  }

  /** Output in order of arrival, for one reader. */
  async *read(): AsyncGenerator<OutputChunk> {
    try {
      for (;;) {
        const chunk = this.#queue.shift();
        if (chunk !== undefined) {
          this.#queuedBytes -= chunk.bytes.length;
          this.#steer();
          yield chunk;
        } else if (this.#isEnded) return;
        else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      }
    } finally {
      // Nobody reads on: what still comes is counted and dropped.
      this.#isDropping = true;
      this.#queue.length = 0;
      this.#queuedBytes = 0;
      this.#steer();
    }
  }

  #steer(): void {
    const shouldWait = (this.#isFull || this.#queuedBytes > highBytes) && !this.#isEnded;
    for (const stream of this.#streams) {
      if (shouldWait) stream.pause();
      else if (stream.isPaused()) stream.resume();
    }
  }
}
