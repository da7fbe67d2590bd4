import type { Span } from './span.ts';

/** How sending a batch went. */
export type SendResult =
  | { readonly kind: 'accepted'; readonly rejectedSpans: number }
  /** Sending the same spans again cannot help. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'later'; readonly waitMs: number | undefined };

/** Sends one batch; never rejects. */
export type SendSpans = (spans: readonly Span[]) => Promise<SendResult>;

/** Bounds of the queue. */
export interface SpanQueueLimits {
  /** Spans that wait at most; further ones are dropped and counted. */
  readonly maxQueued: number;
  readonly maxBatch: number;
  /** Longest time a span waits for company. */
  readonly delayMs: number;
  /** Longest pause after the collector failed. */
  readonly maxPauseMs: number;
  /** How long closing may take to send what is left. */
  readonly closeMs: number;
}

/** About 10 MB of spans at most; batches of 512 or whatever came within 2 s. */
const defaultSpanQueueLimits: SpanQueueLimits = {
  maxQueued: 8192,
  maxBatch: 512,
  delayMs: 2000,
  maxPauseMs: 30_000,
  closeMs: 3000,
};

const firstPauseMs = 1000;

/** Gathers spans into batches. One batch is under way at a time: a slow collector costs spans, never memory. */
export class SpanQueue {
  readonly #send: SendSpans;
  readonly #limits: SpanQueueLimits;
  #waiting: Span[] = [];
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #failures = 0;
  #isClosed = false;
  /** Spans the collector took. */
  exported = 0;
  /** Spans lost: the queue was full, the collector refused them, or the process ended before it answered. */
  dropped = 0;

  constructor(send: SendSpans, limits: SpanQueueLimits = defaultSpanQueueLimits) {
    this.#send = send;
    this.#limits = limits;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  push(spans: readonly Span[]): void {
    const room = this.#isClosed ? 0 : Math.max(0, this.#limits.maxQueued - this.#waiting.length);
    this.dropped += Math.max(0, spans.length - room);
    this.#waiting.push(...spans.slice(0, room));
    if (this.#isClosed || this.#waiting.length === 0) return;
    const isFull = this.#waiting.length >= this.#limits.maxBatch && this.#failures === 0;
    if (isFull && this.#sending === undefined) this.#start();
    else this.#schedule(this.#limits.delayMs);
  }

  /** Sends what is left, within the time limit, and takes no more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#clearTimer();
    const drained = this.#drain();
    await Promise.race([drained, this.#expiry()]);
    this.#clearTimer();
    this.dropped += this.#waiting.length;
    this.#waiting = [];
  }

  async #drain(): Promise<void> {
    await this.#sending;
    this.#failures = 0;
    while (this.#waiting.length > 0 && this.#failures === 0) {
      this.#start();
      await this.#sending;
    }
  }

  #expiry(): Promise<void> {
    return new Promise((resolve) => {
      this.#timer = setTimeout(resolve, this.#limits.closeMs);
      this.#timer.unref();
    });
  }

  #schedule(delayMs: number): void {
    if (this.#timer !== undefined || this.#sending !== undefined || this.#isClosed) return;
    this.#timer = setTimeout(() => this.#start(), delayMs);
    this.#timer.unref();
  }

  #clearTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #start(): void {
    if (!this.#isClosed) this.#clearTimer();
    if (this.#sending !== undefined || this.#waiting.length === 0) return;
    const batch = this.#waiting.splice(0, this.#limits.maxBatch);
    this.#sending = this.#send(batch).then((result) => {
      this.#sending = undefined;
      this.#settle(batch, result);
    });
  }

  #settle(batch: readonly Span[], result: SendResult): void {
    switch (result.kind) {
      case 'accepted':
        this.#failures = 0;
        this.exported += batch.length - result.rejectedSpans;
        this.dropped += result.rejectedSpans;
        break;
      case 'refused':
        this.#failures = 0;
        this.dropped += batch.length;
        break;
      case 'later':
        this.#failures++;
        this.#putBack(batch);
        return this.#schedule(this.#pauseMs(result.waitMs));
    }
    if (this.#waiting.length > 0)
      this.#schedule(this.#waiting.length >= this.#limits.maxBatch ? 0 : this.#limits.delayMs);
  }

  /** The newest spans win the place: they belong to what an operator is looking at. */
  #putBack(batch: readonly Span[]): void {
    const room = Math.max(0, this.#limits.maxQueued - this.#waiting.length);
    this.dropped += Math.max(0, batch.length - room);
    this.#waiting.unshift(...(room === 0 ? [] : batch.slice(-room)));
  }

  #pauseMs(askedMs: number | undefined): number {
    return Math.min(askedMs ?? firstPauseMs * 2 ** (this.#failures - 1), this.#limits.maxPauseMs);
  }
}
