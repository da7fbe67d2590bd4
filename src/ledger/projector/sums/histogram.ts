/** Cells of a histogram; the last one takes everything beyond, and what never ended. */
const histogramCells = 128;

const base = 1.1;
const logBase = Math.log(base);

/** The cell of a value: cells grow by a tenth, so a value read back is off by at most five percent. */
export function cellOf(value: number): number {
  if (!(value > 1)) return 0;
  const cell = Math.ceil(Math.log(value) / logBase);
  return cell >= histogramCells ? histogramCells - 1 : cell;
}

/** The middle of a cell. */
export function valueOf(cell: number): number {
  return cell === 0 ? 1 : base ** (cell - 0.5);
}

/** A sparse histogram: only cells in use are stored, each packed as `count * 128 + cell`. */
export class Histogram {
  readonly #counts = new Map<number, number>();

  add(value: number, count = 1): void {
    const cell = cellOf(value);
    this.#counts.set(cell, (this.#counts.get(cell) ?? 0) + count);
  }

  /** Adds another histogram. */
  merge(other: Histogram): void {
    for (const [cell, count] of other.#counts) this.#counts.set(cell, (this.#counts.get(cell) ?? 0) + count);
  }

  /** Adds what a row holds. */
  addPacked(packed: readonly bigint[]): void {
    for (const item of packed) {
      const cell = Number(item % BigInt(histogramCells));
      this.#counts.set(cell, (this.#counts.get(cell) ?? 0) + Number(item / BigInt(histogramCells)));
    }
  }

  /** As a row holds it. */
  toPacked(): number[] {
    return [...this.#counts]
      .toSorted(([one], [other]) => one - other)
      .map(([cell, count]) => count * histogramCells + cell);
  }

  /** The value below which a share of all values lies; undefined without values. */
  percentile(share: number): number | undefined {
    const total = [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
    if (total === 0) return undefined;
    const wanted = Math.max(1, Math.ceil(total * share));
    let seen = 0;
    for (const [cell, count] of [...this.#counts].toSorted(([one], [other]) => one - other)) {
      seen += count;
      if (seen >= wanted) return valueOf(cell);
    }
    return undefined;
  }
}
