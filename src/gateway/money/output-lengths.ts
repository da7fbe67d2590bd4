/** Longest kept answer; longer ones count as this. */
const cells = 160;
const base = 1.1;
const logBase = Math.log(base);
const maxKinds = 2000;
/** Old answers fade: beyond this many all counts are halved. */
const maxCount = 5000;
const minCount = 20;

interface Lengths {
  readonly counts: Float64Array;
  total: number;
}

/** How long the answers of each kind of work are: what a hold must expect when a request sets no limit of its own. */
export class OutputLengths {
  readonly #kinds = new Map<string, Lengths>();

  /** Takes the output units of a completed answer. */
  add(kind: string, units: number): void {
    const lengths = this.#lengthsOf(kind);
    const cell = units <= 1 ? 0 : Math.min(Math.ceil(Math.log(units) / logBase), cells - 1);
    lengths.counts[cell] = (lengths.counts[cell] ?? 0) + 1;
    lengths.total++;
    if (lengths.total < maxCount) return;
    lengths.total = 0;
    for (let at = 0; at < cells; at++) {
      const half = (lengths.counts[at] ?? 0) / 2;
      lengths.counts[at] = half;
      lengths.total += half;
    }
  }

  /** Output units that 99 of 100 answers stay under; undefined before there is enough to say. */
  p99(kind: string): number | undefined {
    const lengths = this.#kinds.get(kind);
    if (!lengths || lengths.total < minCount) return undefined;
    let rest = lengths.total * 0.99;
    for (let cell = 0; cell < cells; cell++) {
      rest -= lengths.counts[cell] ?? 0;
      if (rest <= 0) return Math.ceil(base ** cell);
    }
    return Math.ceil(base ** (cells - 1));
  }

  /** The kind that was not used for longest is forgotten first. */
  #lengthsOf(kind: string): Lengths {
    const known = this.#kinds.get(kind);
    if (known) {
      this.#kinds.delete(kind);
      this.#kinds.set(kind, known);
      return known;
    }
    if (this.#kinds.size >= maxKinds) {
      const [oldest] = this.#kinds.keys();
      if (oldest !== undefined) this.#kinds.delete(oldest);
    }
    const made = { counts: new Float64Array(cells), total: 0 };
    this.#kinds.set(kind, made);
    return made;
  }
}
