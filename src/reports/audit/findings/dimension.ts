/** What was spent under one name. */
export interface Sum {
  readonly name: string;
  calls: number;
  /** Cost of the calls whose price is known. */
  costNanos: bigint;
  /** Calls whose price is not known; they are in no amount. */
  unpricedCalls: number;
  inputUnits: number;
  cacheReadUnits: number;
  outputUnits: number;
}

/** What one row adds to the sums. */
export interface Share {
  readonly calls: number;
  /** Null: the price is not known. */
  readonly costNanos: bigint | null;
  readonly inputUnits: number;
  readonly cacheReadUnits: number;
  readonly outputUnits: number;
}

/** Where names beyond the limit are summed. */
export const otherNames = '(all others)';
/** Where rows without a name are summed. */
export const noName = '(not stated)';

/** Sums by name; names beyond the limit are summed together, so that hostile or endless names cannot fill the memory. */
export class Dimension {
  readonly #limit: number;
  readonly #sums = new Map<string, Sum>();

  constructor(limit = 50_000) {
    this.#limit = limit;
  }

  add(name: string | undefined, share: Share): void {
    const sum = this.#sumOf(name ?? noName);
    sum.calls += share.calls;
    sum.inputUnits += share.inputUnits;
    sum.cacheReadUnits += share.cacheReadUnits;
    sum.outputUnits += share.outputUnits;
    if (share.costNanos === null) sum.unpricedCalls += share.calls;
    else sum.costNanos += share.costNanos;
  }

  /** Dearest first, names in order among equals. */
  ranked(): readonly Sum[] {
    return [...this.#sums.values()].toSorted(
      (one, other) =>
        Number(other.costNanos > one.costNanos) - Number(other.costNanos < one.costNanos) ||
        other.calls - one.calls ||
        (one.name < other.name ? -1 : 1),
    );
  }

  #sumOf(name: string): Sum {
    const known = this.#sums.get(name);
    if (known) return known;
    const kept = this.#sums.size < this.#limit ? ownText(name) : otherNames;
    const sum = this.#sums.get(kept) ?? {
      name: kept,
      calls: 0,
      costNanos: 0n,
      unpricedCalls: 0,
      inputUnits: 0,
      cacheReadUnits: 0,
      outputUnits: 0,
    };
    this.#sums.set(kept, sum);
    return sum;
  }
}

/** A copy of a text that keeps nothing else alive: a piece cut out of a megabyte holds the megabyte otherwise. */
export function ownText(text: string): string {
  const kept = text.length > 200 ? `${text.slice(0, 199)}…` : text;
  return Buffer.from(kept, 'utf8').toString('utf8');
}
