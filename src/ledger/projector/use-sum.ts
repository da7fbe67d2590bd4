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
export const useColumns: readonly string[] = [...countColumns, ...Object.values(unitColumns), ...amountColumns];

/** Counts and amounts that one exchange, attempt or correction adds. */
export interface Use {
  readonly counts?: { readonly [Column in CountColumn]?: number };
  readonly units?: UsageBuckets | undefined;
  readonly amounts?: { readonly [Column in AmountColumn]?: bigint };
}

/** Running sums of one row. */
export class UseSum {
  readonly #counts = new Float64Array(countColumns.length);
  readonly #units = new Float64Array(usageBuckets.length);
  readonly #amounts: bigint[] = amountColumns.map(() => 0n);

  add({ counts, units, amounts }: Use): void {
    // Only what is named is touched: most uses name a few columns of many, and this runs for every attempt.
    if (counts) addNamed(this.#counts, countIndex, counts);
    if (units) addNamed(this.#units, unitIndex, units);
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
    for (let index = 0; index < countColumns.length; index += 1) {
      this.#counts[index] = at(this.#counts, index) + at(other.#counts, index);
    }
    for (let index = 0; index < usageBuckets.length; index += 1) {
      this.#units[index] = at(this.#units, index) + at(other.#units, index);
    }
    for (let index = 0; index < amountColumns.length; index += 1) {
      this.#amounts[index] = (this.#amounts[index] ?? 0n) + (other.#amounts[index] ?? 0n);
    }
  }

  /** Columns of the row; amounts as text, since JSON has no 64-bit integers. */
  toColumns(): { readonly [column: string]: number | string } {
    const columns: { [column: string]: number | string } = {};
    for (const [index, column] of countColumns.entries()) columns[column] = at(this.#counts, index);
    for (const [index, bucket] of usageBuckets.entries()) columns[unitColumns[bucket]] = at(this.#units, index);
    for (const [index, column] of amountColumns.entries())
      columns[column] = checkAmount(this.#amounts[index] ?? 0n).toString();
    return columns;
  }
}

type Index = { readonly [name: string]: number };

function indexOf(names: readonly string[]): Index {
  return Object.fromEntries(names.map((name, index) => [name, index]));
}

const countIndex = indexOf(countColumns);
const unitIndex = indexOf(usageBuckets);
const amountIndex = indexOf(amountColumns);

function addNamed(sums: Float64Array, index: Index, named: { readonly [name: string]: number | undefined }): void {
  for (const name in named) {
    const place = index[name];
    const value = named[name];
    if (place !== undefined && value !== undefined) sums[place] = at(sums, place) + value;
  }
}

function at(numbers: Float64Array, index: number): number {
  return numbers[index] ?? 0;
}
