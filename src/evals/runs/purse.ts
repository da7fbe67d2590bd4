/** The money of one run: reserved before each call, settled after it. */
export class Purse {
  readonly #maxNanos: bigint;
  #spentNanos: bigint;
  #reservedNanos = 0n;

  constructor(maxNanos: bigint, spentNanos = 0n) {
    this.#maxNanos = maxNanos;
    this.#spentNanos = spentNanos;
  }

  get spentNanos(): bigint {
    return this.#spentNanos;
  }

  /** Whether something is out that may come back. */
  get isWaiting(): boolean {
    return this.#reservedNanos > 0n;
  }

  /** Sets an amount aside; false when it is not there. */
  reserve(nanos: bigint): boolean {
    if (this.#spentNanos + this.#reservedNanos + nanos > this.#maxNanos) return false;
    this.#reservedNanos += nanos;
    return true;
  }

  /** What it cost in the end; an unknown cost counts as all that was set aside. */
  settle(reservedNanos: bigint, costNanos: bigint | null): void {
    this.#reservedNanos -= reservedNanos;
    this.#spentNanos += costNanos ?? reservedNanos;
  }
}
