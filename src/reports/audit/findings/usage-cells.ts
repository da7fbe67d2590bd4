import type { Price } from '../../../domain/rating/price.ts';
import { rate } from '../../../domain/rating/rating.ts';
import { selectPrices } from '../../../domain/rating/select-prices.ts';
import { type UsageBucket, usageBuckets } from '../../../domain/rating/usage.ts';
import type { AuditRow } from '../audit-row.ts';
import type { Offer } from '../prices/offer.ts';
import { ownText } from './dimension.ts';
import { noUnits, type Units } from './units.ts';

const msPerDay = 86_400_000;
/** A model with more price changes than this is not known; the key of a cell leaves room for so many. */
const maxVersions = 65_536;

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
  readonly all: Units;
  /** What is left of it when failed calls, repeats and cacheable prefixes are taken away. */
  readonly rest: Units;
  calls: number;
  restCalls: number;
}

/** Cells of one tier, region and kind of call, by a number made of day, version, size and clock. */
interface CellGroup {
  readonly batch: boolean;
  readonly servedTier: string | undefined;
  readonly region: string | undefined;
  readonly isSum: boolean;
  readonly cells: Map<number, UsageCell>;
}

/** Sums usage so that it can be rated again at other prices, without a row being read twice. */
export class UsageCells {
  readonly #thresholds: readonly number[];
  readonly #clockEdges: readonly number[];
  readonly #groups = new Map<string, CellGroup>();
  #group: CellGroup | undefined;

  /** Takes every offer at whose prices the usage may be rated. */
  constructor(offers: readonly Offer[]) {
    const rules = offers.flatMap(({ versions }) => versions.flatMap(({ price }) => price?.rules ?? []));
    this.#thresholds = distinct(rules.map(({ when }) => when.minTotalInputGt));
    this.#clockEdges = distinct(rules.flatMap(({ when }) => [when.utcStartMs, when.utcEndMs]));
  }

  cellOf(row: AuditRow, version: number, inputUnits: number): UsageCell {
    const totalInput = row.isSum === true ? 0 : inputUnits;
    const day = Math.floor(row.startedAtMs / msPerDay);
    const sizeClass = this.#thresholds.length === 0 ? 0 : classOf(this.#thresholds, totalInput - 1);
    const clockClass = this.#clockEdges.length === 0 ? 0 : classOf(this.#clockEdges, row.startedAtMs - day * msPerDay);
    const group = this.#groupOf(row);
    const sizes = this.#thresholds.length + 1;
    const clocks = this.#clockEdges.length + 1;
    // Whole and far below 2^53: days are below 10^8, versions, sizes and clocks are few.
    const key = ((day * sizes + sizeClass) * clocks + clockClass) * maxVersions + version;
    let cell = group.cells.get(key);
    if (!cell) {
      const { cells, ...kind } = group;
      const place = { version, atMs: row.startedAtMs, day, sizeClass, clockClass, totalInput };
      cell = { ...place, ...kind, all: noUnits(), rest: noUnits(), calls: 0, restCalls: 0 };
      cells.set(key, cell);
    }
    return cell;
  }

  cells(): readonly UsageCell[] {
    return [...this.#groups.values()].flatMap(({ cells }) => [...cells.values()]);
  }

  #groupOf(row: AuditRow): CellGroup {
    const { servedTier } = row.usage;
    const [batch, isSum, region] = [row.batch === true, row.isSum === true, row.region];
    const last = this.#group;
    if (last?.batch === batch && last.isSum === isSum && last.servedTier === servedTier && last.region === region) {
      return last;
    }
    const key = JSON.stringify([batch, isSum, servedTier, region]);
    let group = this.#groups.get(key);
    if (!group) {
      group = {
        batch,
        isSum,
        servedTier: servedTier === undefined ? undefined : ownText(servedTier),
        region: region === undefined ? undefined : ownText(region),
        cells: new Map(),
      };
      this.#groups.set(key, group);
    }
    this.#group = group;
    return group;
  }
}

/** Moves units within a sum from one bucket to another. */
export function moveUnits(sum: Units, from: UsageBucket, to: { bucket: UsageBucket; units: number }): void {
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
