/** 64 bits in two halves. */
export type Hash64 = readonly [high: number, low: number];

/** 64 bits of a text in two halves; `seed` separates texts of different kinds. */
export function hash64(text: string, seed = 0): Hash64 {
  let high = 0xdeadbeef ^ seed;
  let low = 0x41c6ce57 ^ seed;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    high = Math.imul(high ^ code, 2_654_435_761);
    low = Math.imul(low ^ code, 1_597_334_677);
  }
  high = Math.imul(high ^ (high >>> 16), 2_246_822_507) ^ Math.imul(low ^ (low >>> 13), 3_266_489_909);
  low = Math.imul(low ^ (low >>> 16), 2_246_822_507) ^ Math.imul(high ^ (high >>> 13), 3_266_489_909);
  return [high >>> 0, low >>> 0];
}

/**
 * Remembers texts by 64 bits each, 16 to 32 bytes a text instead of the text itself, with a number beside it. Full at
 * its limit: what comes then is not remembered, and `isFull` says so.
 */
export class HashTable {
  readonly #limit: number;
  #size = 0;
  #high = new Uint32Array(1024);
  #low = new Uint32Array(1024);
  #values = new Float64Array(1024);

  constructor(limit: number) {
    this.#limit = limit;
  }

  get isFull(): boolean {
    return this.#size >= this.#limit;
  }

  /** Stores a value for a hash and returns the one that was there before. */
  swap([high, low]: Hash64, value: number): number | undefined {
    // A pair of zeros marks an empty place.
    const first = high === 0 && low === 0 ? 1 : low;
    let at = this.#placeOf(high, first);
    if (this.#high[at] !== 0 || this.#low[at] !== 0) {
      const before = this.#values[at];
      this.#values[at] = value;
      return before;
    }
    if (this.isFull) return undefined;
    if (this.#size * 2 >= this.#high.length) {
      this.#grow();
      at = this.#placeOf(high, first);
    }
    this.#high[at] = high;
    this.#low[at] = first;
    this.#values[at] = value;
    this.#size++;
    return undefined;
  }

  #placeOf(high: number, low: number): number {
    const mask = this.#high.length - 1;
    let at = low & mask;
    while ((this.#high[at] !== 0 || this.#low[at] !== 0) && (this.#high[at] !== high || this.#low[at] !== low)) {
      at = (at + 1) & mask;
    }
    return at;
  }

  #grow(): void {
    const [high, low, values] = [this.#high, this.#low, this.#values];
    this.#high = new Uint32Array(high.length * 2);
    this.#low = new Uint32Array(high.length * 2);
    this.#values = new Float64Array(high.length * 2);
    for (let from = 0; from < high.length; from++) {
      const [one, other] = [high[from] ?? 0, low[from] ?? 0];
      if (one === 0 && other === 0) continue;
      const at = this.#placeOf(one, other);
      this.#high[at] = one;
      this.#low[at] = other;
      this.#values[at] = values[from] ?? 0;
    }
  }
}
