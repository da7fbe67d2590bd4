/** Scores and weights are kept as whole millionths: sums are exact, so order does not matter and all can be undone. */
const units = 1_000_000;
/** Epochs kept apart; older ones are merged, which ends their further discounting. */
const maxEpochs = 12;

/** Discounted sums of one quantity. */
export interface Sums {
  /** Sum of weights. */
  readonly weight: number;
  /** Weighted sum of values. */
  readonly sum: number;
  /** Weighted sum of squared values. */
  readonly squares: number;
}

/** How a past epoch counts now. */
export type Discount = (epoch: number) => number;

interface Epoch {
  epoch: number;
  count: number;
  weight: number;
  sum: number;
  squares: number;
}

/** Order-free, exactly reversible sums of values in [0, 1], per epoch so that old evidence can fade. */
export class Tally {
  readonly #epochs: Epoch[] = [];
  /** Everything older counts as of this epoch. */
  #firstEpoch = Number.NEGATIVE_INFINITY;

  /** Adds (sign 1) or takes back (sign -1) one value. */
  note(value: number, weight: number, at: { epoch: number; sign: 1 | -1 }): void {
    const kept = this.#epochOf(at.epoch);
    const scaled = Math.round(weight * units);
    kept.count += at.sign;
    kept.weight += at.sign * scaled;
    kept.sum += at.sign * Math.round(value * scaled);
    kept.squares += at.sign * Math.round(value * value * scaled);
    if (kept.count === 0) this.#epochs.splice(this.#epochs.indexOf(kept), 1);
  }

  /** Values noted and not taken back. */
  get count(): number {
    return this.#epochs.reduce((total, { count }) => total + count, 0);
  }

  /** Whether nothing is noted. */
  get isEmpty(): boolean {
    return this.#epochs.length === 0;
  }

  /** The sums, each epoch counted as much as `discount` says. */
  sums(discount: Discount): Sums {
    let weight = 0;
    let sum = 0;
    let squares = 0;
    for (const kept of this.#epochs) {
      const factor = discount(kept.epoch) / units;
      weight += factor * kept.weight;
      sum += factor * kept.sum;
      squares += factor * kept.squares;
    }
    return { weight, sum, squares };
  }

  #epochOf(epoch: number): Epoch {
    const wanted = Math.max(epoch, this.#firstEpoch);
    for (const kept of this.#epochs) if (kept.epoch === wanted) return kept;
    const fresh = { epoch: wanted, count: 0, weight: 0, sum: 0, squares: 0 };
    this.#epochs.push(fresh);
    this.#epochs.sort((left, right) => left.epoch - right.epoch);
    if (this.#epochs.length > maxEpochs) this.#mergeOldest();
    return fresh;
  }

  #mergeOldest(): void {
    const [oldest, next] = this.#epochs;
    if (!oldest || !next) return;
    next.count += oldest.count;
    next.weight += oldest.weight;
    next.sum += oldest.sum;
    next.squares += oldest.squares;
    this.#epochs.shift();
    this.#firstEpoch = next.epoch;
  }
}
