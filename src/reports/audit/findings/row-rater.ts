import type { Price } from '../../../domain/price.ts';
import { rate, type RatingContext } from '../../../domain/rating.ts';
import type { Usage } from '../../../domain/usage.ts';
import type { AuditRow } from '../audit-row.ts';

/** What a row cost. Null: a price is missing. */
export interface RowCost {
  readonly costNanos: bigint | null;
  /** A cached bucket had no price of its own and was billed as fresh input. */
  readonly isAssumed: boolean;
  /** Some price would have depended on the size of single calls, which a sum does not tell. */
  readonly isUnsized: boolean;
}

const free: RowCost = { costNanos: 0n, isAssumed: false, isUnsized: false };
const unknown: RowCost = { costNanos: null, isAssumed: false, isUnsized: false };

/** Rates rows, each by itself and rounded once, as the gateway rates attempts. */
export class RowRater {
  /** Prices without what depends on the size of a call. */
  readonly #unsized = new WeakMap<Price, { readonly price: Price; readonly changed: boolean }>();

  /** Cost of a row at a price; what was answered from a cache, or failed before anything was used, is free. */
  costOf(row: AuditRow, price: Price | undefined): RowCost {
    if (row.outcome === 'cached' || (row.outcome !== 'answered' && isEmpty(row.usage))) return free;
    if (!price) return unknown;
    const sized = row.isSum === true ? this.#forSum(price, row.calls) : { price, changed: false };
    const { costNanos, isAssumed } = rate(row.usage, sized.price, contextOf(row));
    return { costNanos, isAssumed, isUnsized: sized.changed };
  }

  #forSum(price: Price, calls: number): { readonly price: Price; readonly changed: boolean } {
    let known = this.#unsized.get(price);
    if (!known) {
      const rules = price.rules?.filter(({ when }) => when.minTotalInputGt === undefined);
      const changed = rules !== undefined && rules.length !== price.rules?.length;
      known = { price: changed ? { ...price, rules } : price, changed };
      this.#unsized.set(price, known);
    }
    if (price.picosPerCall === undefined) return known;
    return { ...known, price: { ...known.price, picosPerCall: price.picosPerCall * BigInt(calls) } };
  }
}

/** The circumstances of a row that decide its price. */
export function contextOf(row: AuditRow): RatingContext {
  const { startedAtMs, batch, region } = row;
  if (batch === undefined && region === undefined) return { startedAtMs };
  return { startedAtMs, ...(batch !== undefined && { batch }), ...(region !== undefined && { region }) };
}

function isEmpty({ buckets }: Usage): boolean {
  for (const units of Object.values(buckets)) if (units !== 0) return false;
  return true;
}
