/** What attempts ended with, counted apart. */
const attemptEnds = ['ok', 'error', 'timeout', 'rateLimited'] as const;

/** How one attempt ended, as far as its endpoint is to blame. */
export type AttemptEnd = (typeof attemptEnds)[number];

/** Attempts by how they ended. */
export type EndCounts = { readonly [End in AttemptEnd]: number };

/** Counts of attempts by their end, in two generations that take turns so that old traffic fades. Mergeable. */
export class ShareWindow {
  readonly #windowMs: number;
  #current = new Float64Array(attemptEnds.length);
  #previous = new Float64Array(attemptEnds.length);
  #startedMs = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  add(end: AttemptEnd, nowMs: number): void {
    this.#turn(nowMs);
    const at = attemptEnds.indexOf(end);
    this.#current[at] = (this.#current[at] ?? 0) + 1;
  }

  /** Adds what another window saw, as if it had been seen here now. */
  merge(other: EndCounts, nowMs: number): void {
    this.#turn(nowMs);
    attemptEnds.forEach((end, at) => (this.#current[at] = (this.#current[at] ?? 0) + other[end]));
  }

  counts(nowMs: number): EndCounts {
    this.#turn(nowMs);
    const of = (at: number): number => (this.#current[at] ?? 0) + (this.#previous[at] ?? 0);
    return { ok: of(0), error: of(1), timeout: of(2), rateLimited: of(3) };
  }

  #turn(nowMs: number): void {
    const age = nowMs - this.#startedMs;
    if (age < this.#windowMs) return;
    this.#previous = age < 2 * this.#windowMs ? this.#current : new Float64Array(attemptEnds.length);
    this.#current = new Float64Array(attemptEnds.length);
    this.#startedMs = nowMs;
  }
}
