import { type Nanos, NanosSum } from './nanos-sum.ts';

/** What was spent under one name. */
export interface Sum {
  readonly name: string;
  readonly calls: number;
  /** Cost of the calls whose price is known. */
  readonly costNanos: bigint;
  /** Calls whose price is not known; they are in no amount. */
  readonly unpricedCalls: number;
  readonly inputUnits: number;
  readonly cacheReadUnits: number;
  readonly outputUnits: number;
}

/** A sum that still grows. */
export interface OpenSum {
  readonly name: string;
  calls: number;
  readonly cost: NanosSum;
  unpricedCalls: number;
  inputUnits: number;
  cacheReadUnits: number;
  outputUnits: number;
}

/** What one row adds to the sums. */
export interface Share {
  readonly calls: number;
  /** Null: the price is not known. */
  readonly costNanos: Nanos | null;
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
  readonly #sums = new Map<string, OpenSum>();

  constructor(limit = 50_000) {
    this.#limit = limit;
  }

  /** Adds to the sum of a name, and returns it. */
  add(name: string | undefined, share: Share): OpenSum {
    const sum = this.sumOf(name ?? noName);
    addShare(sum, share);
    return sum;
  }

  /** Dearest first, names in order among equals. */
  ranked(): readonly Sum[] {
    const sums = [...this.#sums.values()].map(({ cost, ...sum }): Sum => ({ ...sum, costNanos: cost.total }));
    return sums.toSorted(
      (one, other) =>
        Number(other.costNanos > one.costNanos) - Number(other.costNanos < one.costNanos) ||
        other.calls - one.calls ||
        (one.name < other.name ? -1 : 1),
    );
  }

  /** The sum of a name, or the one of all names beyond the limit. */
  sumOf(name: string): OpenSum {
    const known = this.#sums.get(name);
    if (known) return known;
    const kept = this.#sums.size < this.#limit ? ownText(name) : otherNames;
    const sum = this.#sums.get(kept) ?? {
      name: kept,
      calls: 0,
      cost: new NanosSum(),
      unpricedCalls: 0,
      inputUnits: 0,
      cacheReadUnits: 0,
      outputUnits: 0,
    };
    this.#sums.set(kept, sum);
    return sum;
  }
}

/** Adds what a row cost to a sum. */
export function addShare(sum: OpenSum, share: Share): void {
  sum.calls += share.calls;
  sum.inputUnits += share.inputUnits;
  sum.cacheReadUnits += share.cacheReadUnits;
  sum.outputUnits += share.outputUnits;
  if (share.costNanos === null) sum.unpricedCalls += share.calls;
  else sum.cost.add(share.costNanos);
}

/** A copy of a text that keeps nothing else alive: a piece cut out of a megabyte holds the megabyte otherwise. */
export function ownText(text: string): string {
  const kept = text.length > 200 ? `${text.slice(0, 199)}…` : text;
  return Buffer.from(kept, 'utf8').toString('utf8');
}
