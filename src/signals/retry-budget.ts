const windowMs = 10_000;
const slots = 10;

/** Limits extra attempts on one endpoint to a share of its recent attempts, so that an outage is not multiplied. */
export class RetryBudget {
  readonly #share: number;
  readonly #minimum: number;
  readonly #attempts = new Float64Array(slots);
  readonly #extras = new Float64Array(slots);
  #slotNumber = 0;

  constructor(share = 0.1, minimum = 3) {
    this.#share = share;
    this.#minimum = minimum;
  }

  noteAttempt(nowMs: number): void {
    const slot = this.#advance(nowMs);
    this.#attempts[slot] = (this.#attempts[slot] ?? 0) + 1;
  }

  /** Takes one extra attempt from the budget, if there is any left. */
  takeExtra(nowMs: number): boolean {
    const slot = this.#advance(nowMs);
    const allowed = Math.max(this.#minimum, Math.floor(total(this.#attempts) * this.#share));
    if (total(this.#extras) >= allowed) return false;
    this.#extras[slot] = (this.#extras[slot] ?? 0) + 1;
    return true;
  }

  #advance(nowMs: number): number {
    const current = Math.floor(nowMs / (windowMs / slots));
    const passed = Math.min(current - this.#slotNumber, slots);
    for (let step = 0; step < passed; step++) {
      const slot = (current - step) % slots;
      this.#attempts[slot] = 0;
      this.#extras[slot] = 0;
    }
    this.#slotNumber = Math.max(current, this.#slotNumber);
    return this.#slotNumber % slots;
  }
}

function total(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}
