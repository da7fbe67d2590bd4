import type { Clock } from '../../platform/clock.ts';
import type { JournalError } from '../journal-error.ts';

const keptLatencies = 512;
const percentilesEveryMs = 1000;

interface Waiter {
  readonly frame: number;
  readonly sinceMs: number;
  readonly resolve: () => void;
  readonly reject: (error: JournalError) => void;
}

/** Commits that wait for the disk, in order of their frames. */
export class CommitWaiters {
  readonly #clock: Clock;
  #waiters: Waiter[] = [];
  #first = 0;
  readonly #latencies = new Float64Array(keptLatencies);
  #measured = 0;
  #percentiles = { p50: 0, p99: 0, atMs: Number.NEGATIVE_INFINITY };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A promise for the moment at which a frame is durable. */
  wait(frame: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ frame, sinceMs: this.#clock.monotonicMs(), resolve, reject });
    });
  }

  /** Whether nobody waits. */
  isEmpty(): boolean {
    return this.#first === this.#waiters.length;
  }

  /** Resolves every commit up to a frame; frame counts wrap, so only their distance is compared. */
  settle(durableFrames: number): void {
    const nowMs = this.#clock.monotonicMs();
    for (;;) {
      const waiter = this.#waiters[this.#first];
      if (!waiter || ((durableFrames - waiter.frame) | 0) < 0) break;
      this.#first += 1;
      this.#latencies[this.#measured % keptLatencies] = nowMs - waiter.sinceMs;
      this.#measured += 1;
      waiter.resolve();
    }
    if (this.isEmpty() || this.#first > 1024) {
      this.#waiters = this.#waiters.slice(this.#first);
      this.#first = 0;
    }
  }

  /** Fails every waiting commit: the journal is lost. */
  rejectAll(error: JournalError): void {
    const waiting = this.#waiters.slice(this.#first);
    this.#waiters = [];
    this.#first = 0;
    for (const waiter of waiting) waiter.reject(error);
  }

  /** Latency of the last commits; sorted at most once a second, because admission asks for every request. */
  percentiles(): { readonly p50: number; readonly p99: number } {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#percentiles.atMs < percentilesEveryMs) return this.#percentiles;
    const sorted = this.#latencies.slice(0, Math.min(this.#measured, keptLatencies)).toSorted();
    const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
    this.#percentiles = { p50: at(0.5), p99: at(0.99), atMs: nowMs };
    return this.#percentiles;
  }
}
