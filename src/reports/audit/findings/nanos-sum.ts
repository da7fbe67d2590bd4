/**
 * A whole amount of nano-USD, exact in either form: a double only below 2^53, where doubles hold every integer; a bigint
 * otherwise. Reports carry bigints only; the short form spares an allocation per row and table.
 */
export type Nanos = number | bigint;

/** Beyond this a double is poured into the bigint, so that adding two short amounts can never pass 2^53. */
const roomLimit = 2 ** 52;

/**
 * Sums amounts exactly. The double part stays below 2^52 after every addition, and so does each short amount that is
 * added to it: their sum is below 2^53, hence exact. Everything larger goes to the bigint part.
 */
export class NanosSum {
  #small = 0;
  #large = 0n;

  add(amount: Nanos): void {
    if (typeof amount === 'bigint') {
      this.#large += amount;
      return;
    }
    if (amount >= roomLimit || amount <= -roomLimit) {
      this.#large += BigInt(amount);
      return;
    }
    this.#small += amount;
    if (this.#small < roomLimit && this.#small > -roomLimit) return;
    this.#large += BigInt(this.#small);
    this.#small = 0;
  }

  get total(): bigint {
    return this.#large + BigInt(this.#small);
  }
}
