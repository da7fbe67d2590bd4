import type { Price } from '../../../domain/rating/price.ts';
import { rate, type RatingContext } from '../../../domain/rating/rating.ts';
import type { AuditRow } from '../audit-row.ts';
import { FlatPrices } from './flat-prices.ts';
import type { Nanos } from './nanos-sum.ts';
import { bucketCount, type Units } from './units.ts';

/** What a row cost. Null: a price is missing. */
export interface RowCost {
  readonly costNanos: Nanos | null;
  /** A cached bucket had no price of its own and was billed as fresh input. */
  readonly isAssumed: boolean;
  /** Some price would have depended on the size of single calls, which a sum does not tell. */
  readonly isUnsized: boolean;
}

const free: RowCost = { costNanos: 0, isAssumed: false, isUnsized: false };
const unknown: RowCost = { costNanos: null, isAssumed: false, isUnsized: false };

/** Rates rows, each by itself and rounded once, as the gateway rates attempts. */
export class RowRater {
  /** Prices without what depends on the size of a call. */
  readonly #unsized = new WeakMap<Price, { readonly price: Price; readonly changed: boolean }>();
  readonly #flat = new FlatPrices();

  /** Cost of a row at a price; what was answered from a cache, or failed before anything was used, is free. */
  costOf(row: AuditRow, price: Price | undefined, units: Units): RowCost {
    if (row.outcome === 'cached' || (row.outcome !== 'answered' && isEmpty(units))) return free;
    if (!price) return unknown;
    if (row.isSum === true) return this.#costOfSum(row, price);
    return this.#flat.costOf(row, price, units) ?? exactly(row, price, false);
  }

  #costOfSum(row: AuditRow, price: Price): RowCost {
    let known = this.#unsized.get(price);
    if (!known) {
      const rules = price.rules?.filter(({ when }) => when.minTotalInputGt === undefined);
      const changed = rules !== undefined && rules.length !== price.rules?.length;
      known = { price: changed ? { ...price, rules } : price, changed };
      this.#unsized.set(price, known);
    }
    if (price.picosPerCall === undefined) return exactly(row, known.price, known.changed);
    const fees = { ...known.price, picosPerCall: price.picosPerCall * BigInt(row.calls) };
    return exactly(row, fees, known.changed);
  }
}

function exactly(row: AuditRow, price: Price, isUnsized: boolean): RowCost {
  const { costNanos, isAssumed } = rate(row.usage, price, contextOf(row));
  return { costNanos, isAssumed, isUnsized };
}

/** The circumstances of a row that decide its price. */
export function contextOf(row: Pick<AuditRow, 'startedAtMs' | 'batch' | 'region'>): RatingContext {
  const { startedAtMs, batch, region } = row;
  if (batch === undefined && region === undefined) return { startedAtMs };
  return { startedAtMs, ...(batch !== undefined && { batch }), ...(region !== undefined && { region }) };
}

function isEmpty(units: Units): boolean {
  for (let at = 0; at < bucketCount; at++) if (units[at] !== 0) return false;
  return true;
}
