const minuteMs = 60_000;

/** An allowance that refills evenly over a minute; it may go negative when an estimate was too low. */
export class RateBucket {
  #level: number;
  #atMs: number;
  #perMinute: number;

  constructor(perMinute: number, nowMs: number) {
    this.#perMinute = perMinute;
    this.#level = perMinute;
    this.#atMs = nowMs;
  }

  get perMinute(): number {
    return this.#perMinute;
  }

  level(nowMs: number): number {
    const refill = ((nowMs - this.#atMs) / minuteMs) * this.#perMinute;
    this.#level = Math.min(this.#perMinute, this.#level + refill);
    this.#atMs = nowMs;
    return this.#level;
  }

  take(amount: number): void {
    this.#level -= amount;
  }

  /** Takes what is there at most. */
  takeUpTo(amount: number): void {
    this.#level = Math.max(Math.min(0, this.#level), this.#level - amount);
  }

  /** Changes the allowance; what was used of it stays used in proportion. */
  rescale(perMinute: number, nowMs: number): void {
    if (perMinute === this.#perMinute) return;
    this.#level = (this.level(nowMs) / this.#perMinute) * perMinute;
    this.#perMinute = perMinute;
  }

  /** Time until `amount` is there, milliseconds. */
  waitMs(amount: number, nowMs: number): number {
    const missing = Math.min(amount, this.#perMinute) - this.level(nowMs);
    return missing <= 0 ? 0 : Math.ceil((missing / this.#perMinute) * minuteMs);
  }
}
