import { type UsageBucket, type UsageBuckets, usageBuckets } from '../../../domain/rating/usage.ts';
import { checkAmount } from '../../amount.ts';

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
/** Counts and amounts that one exchange, attempt or correction adds. */
export interface Use {
  readonly counts?: { readonly [Column in CountColumn]?: number } | undefined;
  readonly units?: UsageBuckets | undefined;
  readonly amounts?: { readonly [Column in AmountColumn]?: bigint } | undefined;
}

/** Running sums of one row. Counts and amounts are fields by their columns: this runs for every attempt, several times. */
export class UseSum {
  requests = 0;
  failed = 0;
  aborted = 0;
  cache_hits = 0;
  attempts = 0;
  unpriced = 0;
  estimated = 0;
  over_hold = 0;
  cost_nanos = 0n;
  charge_nanos = 0n;
  saved_nanos = 0n;
  absorbed_nanos = 0n;
  waste_nanos = 0n;
  estimated_cost_nanos = 0n;
  estimated_charge_nanos = 0n;
  readonly #units = usageBuckets.map(() => 0);

  add({ counts, units, amounts }: Use): void {
    if (counts) this.#addCounts(counts);
    if (units) this.#addUnits(units);
    if (amounts) this.#addAmounts(amounts);
  }

  /** Adds another row's sums. */
  merge(other: UseSum): void {
    this.#addCounts(other);
    this.#addAmounts(other);
    for (let index = 0; index < usageBuckets.length; index += 1) {
      this.#units[index] = (this.#units[index] ?? 0) + (other.#units[index] ?? 0);
    }
  }

  /** The sums in the order of `useColumns`. */
  values(): (number | bigint)[] {
    return [
      this.requests,
      this.failed,
      this.aborted,
      this.cache_hits,
      this.attempts,
      this.unpriced,
      this.estimated,
      this.over_hold,
      ...this.#units,
      checkAmount(this.cost_nanos),
      checkAmount(this.charge_nanos),
      checkAmount(this.saved_nanos),
      checkAmount(this.absorbed_nanos),
      checkAmount(this.waste_nanos),
      checkAmount(this.estimated_cost_nanos),
      checkAmount(this.estimated_charge_nanos),
    ];
  }

  #addCounts(counts: NonNullable<Use['counts']>): void {
    this.requests += counts.requests ?? 0;
    this.failed += counts.failed ?? 0;
    this.aborted += counts.aborted ?? 0;
    this.cache_hits += counts.cache_hits ?? 0;
    this.attempts += counts.attempts ?? 0;
    this.unpriced += counts.unpriced ?? 0;
    this.estimated += counts.estimated ?? 0;
    this.over_hold += counts.over_hold ?? 0;
  }

  /** Most requests name few of the buckets. */
  #addUnits(units: UsageBuckets): void {
    for (const name in units) {
      const index = unitIndex[name];
      const count = units[name as UsageBucket];
      if (index !== undefined && count !== undefined) this.#units[index] = (this.#units[index] ?? 0) + count;
    }
  }

  #addAmounts(amounts: NonNullable<Use['amounts']>): void {
    this.cost_nanos += amounts.cost_nanos ?? 0n;
    this.charge_nanos += amounts.charge_nanos ?? 0n;
    this.saved_nanos += amounts.saved_nanos ?? 0n;
    this.absorbed_nanos += amounts.absorbed_nanos ?? 0n;
    this.waste_nanos += amounts.waste_nanos ?? 0n;
    this.estimated_cost_nanos += amounts.estimated_cost_nanos ?? 0n;
    this.estimated_charge_nanos += amounts.estimated_charge_nanos ?? 0n;
  }
}

const unitIndex: { readonly [name: string]: number } = Object.fromEntries(
  usageBuckets.map((bucket, index) => [bucket, index]),
);
