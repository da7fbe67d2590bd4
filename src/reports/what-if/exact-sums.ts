/** Larger single amounts are not added as numbers: about two million dollars in nano-USD. */
export const largestAddend = 2 ** 51;

/** Sums of whole amounts by place, exact at any size and fast: numbers while they are safe, carried into integers before they are not. */
export class ExactSums {
  #low: Float64Array;
  readonly #high = new Map<number, bigint>();

  constructor(size: number) {
    this.#low = new Float64Array(size);
  }

  /** Adds a whole number of less than `largestAddend`. */
  add(place: number, amount: number): void {
    if (place >= this.#low.length) this.#grow(place);
    const sum = (this.#low[place] ?? 0) + amount;
    if (sum < largestAddend && sum > -largestAddend) {
      this.#low[place] = sum;
      return;
    }
    this.#high.set(place, (this.#high.get(place) ?? 0n) + BigInt(sum));
    this.#low[place] = 0;
  }

  of(place: number): bigint {
    return (this.#high.get(place) ?? 0n) + BigInt(this.#low[place] ?? 0);
  }

  total(): bigint {
    let total = 0n;
    for (let place = 0; place < this.#low.length; place++) total += this.of(place);
    return total;
  }

  #grow(place: number): void {
    const larger = new Float64Array(Math.max(place + 1, this.#low.length * 2));
    larger.set(this.#low);
    this.#low = larger;
  }
}
