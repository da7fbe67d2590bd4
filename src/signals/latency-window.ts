const cells = 128;
const base = 1.1;
const logBase = Math.log(base);

/**
 * Sketch of a latency or speed: log buckets of base 1.1 (error at most 5 % of the value), two generations that take
 * turns so that old traffic fades. Mergeable and of constant size.
 */
export class LatencyWindow {
  readonly #windowMs: number;
  #current = new Uint32Array(cells);
  #previous = new Uint32Array(cells);
  #startedMs = 0;

  constructor(windowMs = 300_000) {
    this.#windowMs = windowMs;
  }

  add(value: number, nowMs: number): void {
    this.#turn(nowMs);
    const cell = value <= 1 ? 0 : Math.min(Math.ceil(Math.log(value) / logBase), cells - 1);
    this.#current[cell] = (this.#current[cell] ?? 0) + 1;
  }

  /** Adds what another window of the same kind saw, as if it had been seen here now. */
  merge(other: LatencyWindow, nowMs: number): void {
    this.#turn(nowMs);
    other.#turn(nowMs);
    for (let cell = 0; cell < cells; cell++) this.#current[cell] = (this.#current[cell] ?? 0) + other.#at(cell);
  }

  count(nowMs: number): number {
    this.#turn(nowMs);
    let total = 0;
    for (let cell = 0; cell < cells; cell++) total += this.#at(cell);
    return total;
  }

  /** Value below which the given share of observations lies; undefined without observations. */
  quantile(share: number, nowMs: number): number | undefined {
    const total = this.count(nowMs);
    if (total === 0) return undefined;
    let rest = share * total;
    for (let cell = 0; cell < cells; cell++) {
      rest -= this.#at(cell);
      if (rest <= 0) return base ** (cell - 0.5);
    }
    return base ** (cells - 1);
  }

  #at(cell: number): number {
    return (this.#current[cell] ?? 0) + (this.#previous[cell] ?? 0);
  }

  #turn(nowMs: number): void {
    const age = nowMs - this.#startedMs;
    if (age < this.#windowMs) return;
    const swapped = this.#previous;
    this.#previous = age < 2 * this.#windowMs ? this.#current : swapped.fill(0);
    this.#current = this.#previous === swapped ? this.#current.fill(0) : swapped.fill(0);
    this.#startedMs = nowMs;
  }
}
