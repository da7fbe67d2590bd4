import type { Price } from '../../../domain/price.ts';
import { rate } from '../../../domain/rating.ts';
import { selectPrices } from '../../../domain/select-prices.ts';
import { totalInput, type UsageBucket, usageBuckets, type UsageBuckets } from '../../../domain/usage.ts';
import type { AuditRow } from '../audit-row.ts';
import type { Offer } from '../prices/offer.ts';

const msPerDay = 86_400_000;

/** Usage of one model under equal circumstances: every price rule holds for all of it or for none. */
export interface UsageCell {
  /** Index of the model's own price version. */
  readonly version: number;
  readonly atMs: number;
  readonly day: number;
  readonly sizeClass: number;
  readonly clockClass: number;
  readonly totalInput: number;
  readonly batch: boolean;
  readonly servedTier: string | undefined;
  readonly region: string | undefined;
  readonly isSum: boolean;
  /** Everything that was paid. */
  readonly all: Float64Array;
  /** What is left of it when failed calls, repeats and cacheable prefixes are taken away. */
  readonly rest: Float64Array;
  calls: number;
  restCalls: number;
}

/** Sums usage so that it can be rated again at other prices, without a row being read twice. */
export class UsageCells {
  readonly #thresholds: readonly number[];
  readonly #clockEdges: readonly number[];
  readonly #cells = new Map<string, UsageCell>();
  #last: UsageCell | undefined;

  /** Takes every offer at whose prices the usage may be rated. */
  constructor(offers: readonly Offer[]) {
    const rules = offers.flatMap(({ versions }) => versions.flatMap(({ price }) => price?.rules ?? []));
    this.#thresholds = distinct(rules.map(({ when }) => when.minTotalInputGt));
    this.#clockEdges = distinct(rules.flatMap(({ when }) => [when.utcStartMs, when.utcEndMs]));
  }

  cellOf(row: AuditRow, version: number): UsageCell {
    const input = row.isSum === true ? 0 : totalInput(row.usage.buckets);
    const day = Math.floor(row.startedAtMs / msPerDay);
    const sizeClass = this.#thresholds.length === 0 ? 0 : classOf(this.#thresholds, input - 1);
    const clockClass = this.#clockEdges.length === 0 ? 0 : classOf(this.#clockEdges, row.startedAtMs - day * msPerDay);
    const { servedTier } = row.usage;
    const [batch, isSum, region] = [row.batch === true, row.isSum === true, row.region];
    const last = this.#last;
    if (
      last?.day === day &&
      last.version === version &&
      last.sizeClass === sizeClass &&
      last.clockClass === clockClass &&
      last.batch === batch &&
      last.isSum === isSum &&
      last.servedTier === servedTier &&
      last.region === region
    ) {
      return last;
    }
    const key = [day, version, sizeClass, clockClass, batch, isSum, servedTier, region].join('|');
    let cell = this.#cells.get(key);
    if (!cell) {
      cell = {
        version,
        atMs: row.startedAtMs,
        day,
        sizeClass,
        clockClass,
        totalInput: input,
        batch,
        servedTier,
        region,
        isSum,
        all: new Float64Array(usageBuckets.length),
        rest: new Float64Array(usageBuckets.length),
        calls: 0,
        restCalls: 0,
      };
      this.#cells.set(key, cell);
    }
    this.#last = cell;
    return cell;
  }

  cells(): Iterable<UsageCell> {
    return this.#cells.values();
  }
}

/** Adds units to a sum by bucket. */
export function addUnits(sum: Float64Array, buckets: UsageBuckets): void {
  for (let at = 0; at < usageBuckets.length; at++) {
    const bucket = usageBuckets[at];
    const units = bucket && buckets[bucket];
    if (units) sum[at] = (sum[at] ?? 0) + units;
  }
}

/** Moves units within a sum from one bucket to another. */
export function moveUnits(sum: Float64Array, from: UsageBucket, to: { bucket: UsageBucket; units: number }): void {
  const [source, sink] = [usageBuckets.indexOf(from), usageBuckets.indexOf(to.bucket)];
  sum[source] = (sum[source] ?? 0) - to.units;
  sum[sink] = (sum[sink] ?? 0) + to.units;
}

/** What a cell's usage costs at a price, rounded once; null when a used bucket has no price. */
export function costOfCell(
  cell: UsageCell,
  price: Price | undefined,
  which: 'all' | 'rest',
): { readonly costNanos: bigint; readonly isAssumed: boolean } | undefined {
  if (!price) return undefined;
  const buckets: { [Bucket in UsageBucket]?: number } = {};
  for (const [at, bucket] of usageBuckets.entries()) {
    const units = cell[which][at];
    if (units) buckets[bucket] = units;
  }
  const { picosPerUnit, hasBatchPrices } = selectPrices(price, {
    startedAtMs: cell.atMs,
    totalInput: cell.totalInput,
    servedTier: cell.servedTier,
    batch: cell.batch,
    region: cell.region,
  });
  const calls = which === 'all' ? cell.calls : cell.restCalls;
  const flat: Price = {
    versionId: price.versionId,
    picosPerUnit,
    ...(price.picosPerCall !== undefined && { picosPerCall: price.picosPerCall * BigInt(calls) }),
    ...(!hasBatchPrices && price.batchRatioPpm !== undefined && { batchRatioPpm: price.batchRatioPpm }),
    ...(price.regionRatioPpm !== undefined && { regionRatioPpm: price.regionRatioPpm }),
  };
  const context = {
    startedAtMs: cell.atMs,
    batch: cell.batch,
    ...(cell.region !== undefined && { region: cell.region }),
  };
  const { costNanos, isAssumed } = rate({ buckets, source: 'provider' }, flat, context);
  return costNanos === null ? undefined : { costNanos, isAssumed };
}

function distinct(values: readonly (number | undefined)[]): readonly number[] {
  const numbers = values.filter((value) => value !== undefined);
  return [...new Set(numbers)].toSorted((one, other) => one - other);
}

/** Number of edges at or below a value. */
function classOf(edges: readonly number[], value: number): number {
  let count = 0;
  for (const edge of edges) if (edge <= value) count++;
  return count;
}
