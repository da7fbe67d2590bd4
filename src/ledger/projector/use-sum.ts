import { type UsageBucket, type UsageBuckets, usageBuckets } from '../../domain/usage.ts';
import { checkAmount } from '../amount.ts';

/** Column of each bucket of usage. */
export const unitColumns: { readonly [Bucket in UsageBucket]: string } = {
  input: 'input',
  cacheRead: 'cache_read',
  cacheWrite5m: 'cache_write_5m',
  cacheWrite1h: 'cache_write_1h',
  output: 'output',
  reasoning: 'reasoning',
  audioIn: 'audio_in',
  audioOut: 'audio_out',
  imageIn: 'image_in',
  imageOut: 'image_out',
  videoIn: 'video_in',
  requests: 'counted_requests',
  computeMs: 'compute_ms',
};

const countColumns = [
  'requests',
  'failed',
  'aborted',
  'cache_hits',
  'attempts',
  'unpriced',
  'estimated',
  'over_hold',
] as const;
const amountColumns = [
  'cost_nanos',
  'charge_nanos',
  'saved_nanos',
  'absorbed_nanos',
  'waste_nanos',
  'estimated_cost_nanos',
  'estimated_charge_nanos',
] as const;

/** A count of a use row. */
export type CountColumn = (typeof countColumns)[number];
/** An amount of a use row. */
export type AmountColumn = (typeof amountColumns)[number];

/** Every column of a use row that is a sum. */
export const useColumns: readonly string[] = [
  ...countColumns,
  ...usageBuckets.map((bucket) => unitColumns[bucket]),
  ...amountColumns,
];
const numberColumns: readonly string[] = [...countColumns, ...usageBuckets];

/** Counts and amounts that one exchange, attempt or correction adds. */
export interface Use {
  readonly counts?: { readonly [Column in CountColumn]?: number } | undefined;
  readonly units?: UsageBuckets | undefined;
  readonly amounts?: { readonly [Column in AmountColumn]?: bigint } | undefined;
}

/** Running sums of one row. */
export class UseSum {
  /** Counts, then units. */
  readonly #numbers = numberColumns.map(() => 0);
  readonly #amounts = amountColumns.map(() => 0n);

  add({ counts, units, amounts }: Use): void {
    // Only what is named is touched: most uses name a few columns of many, and this runs for every attempt.
    if (counts) addNamed(this.#numbers, countIndex, counts);
    if (units) addNamed(this.#numbers, unitIndex, units);
    if (amounts) {
      for (const name in amounts) {
        const amount = amounts[name as AmountColumn];
        const index = amountIndex[name];
        if (index !== undefined && amount !== undefined && amount !== 0n)
          this.#amounts[index] = (this.#amounts[index] ?? 0n) + amount;
      }
    }
  }

  /** Adds another row's sums. */
  merge(other: UseSum): void {
    for (let index = 0; index < numberColumns.length; index += 1) {
      this.#numbers[index] = at(this.#numbers, index) + at(other.#numbers, index);
    }
    for (let index = 0; index < amountColumns.length; index += 1) {
      const amount = other.#amounts[index];
      if (amount !== undefined && amount !== 0n) this.#amounts[index] = (this.#amounts[index] ?? 0n) + amount;
    }
  }

  /** The sum of a column, by its place in `useColumns`. */
  valueAt(column: number): number | bigint {
    if (column < numberColumns.length) return at(this.#numbers, column);
    return checkAmount(this.#amounts[column - numberColumns.length] ?? 0n);
  }
}

type Index = { readonly [name: string]: number };

function indexOf(names: readonly string[], start = 0): Index {
  return Object.fromEntries(names.map((name, index) => [name, start + index]));
}

const countIndex = indexOf(countColumns);
const unitIndex = indexOf(usageBuckets, countColumns.length);
const amountIndex = indexOf(amountColumns);

function addNamed(sums: number[], index: Index, named: { readonly [name: string]: number | undefined }): void {
  for (const name in named) {
    const place = index[name];
    const value = named[name];
    if (place !== undefined && value !== undefined) sums[place] = at(sums, place) + value;
  }
}

function at(numbers: readonly number[], index: number): number {
  return numbers[index] ?? 0;
}
