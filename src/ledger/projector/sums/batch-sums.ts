import type { Executor } from '../../books/post-transaction.ts';
import type { BookedAttempt, Booking, ExchangeDimensions } from '../books/booking.ts';
import { LedgerSums } from './ledger-sums.ts';
import { PerformanceSums } from './performance-sums.ts';
import type { KeyValue } from './key-tree.ts';
import { SumTable, type SumTableShape } from './sum-table.ts';
import { dayOf, hourOf, slotOf } from './time-slots.ts';
import type { UsageLabels } from '../facts/usage-labels.ts';
import type { AmountColumn, Use, UseSum } from './use-sum.ts';

const usageKeys = ['key_name', 'job', 'model', 'host', 'feature', 'project'] as const;

/** Rollups that add up use. */
const sumTableShapes = {
  slot: { table: 'usage_slot', keys: ['customer', 'slot_ms', ...usageKeys], timeKey: 'slot_ms' },
  day: { table: 'usage_day', keys: ['customer', 'day_ms', ...usageKeys], timeKey: 'day_ms' },
  host: {
    table: 'host_usage_hour',
    keys: ['customer', 'hour_ms', 'host', 'upstream_model', 'model', 'key_name', 'price_version', 'contract_version'],
    timeKey: 'hour_ms',
  },
  endUser: { table: 'end_user_day', keys: ['customer', 'day_ms', 'end_user', 'job'], timeKey: 'day_ms' },
} as const satisfies { readonly [name: string]: SumTableShape };

/** Where in the rollups something is added. */
export interface SumPlace {
  readonly dimensions: ExchangeDimensions;
  readonly startedAtMs: number;
}

/** Where the work of a host is added. */
export interface HostPlace extends SumPlace {
  readonly host: string;
  readonly upstreamModel: string;
  readonly attemptStartedAtMs: number;
  readonly priceVersion: string;
  readonly contractVersion: string;
}

/** Where customers see some use. */
interface CustomerRows {
  readonly slot: UseSum;
  readonly endUser: UseSum | undefined;
}

/** Everything a batch adds to rollups and ledger, added up in memory first. */
export class BatchSums {
  readonly slots = new SumTable(sumTableShapes.slot);
  readonly hosts = new SumTable(sumTableShapes.host);
  readonly endUsers = new SumTable(sumTableShapes.endUser);
  readonly performance = new PerformanceSums();
  readonly ledger = new LedgerSums();
  readonly #labels: UsageLabels;

  constructor(labels: UsageLabels) {
    this.#labels = labels;
  }

  /** Adds an exchange with all its attempts; its charge reaches the ledger apart, when it is known who pays. */
  addBooking(booking: Booking): void {
    const dimensions = this.#bound(booking);
    const place = { dimensions, startedAtMs: booking.startedAtMs };
    const rows = this.#rowsOf({ ...place, host: dimensions.host });
    addTo(rows, requestUse(booking));
    // Most attempts are at the host that answered: their row is found once for all of them.
    for (const attempt of booking.attempts) {
      const isThere = attempt.host === dimensions.host;
      this.#addAttempt(place, attempt, isThere ? rows : this.#rowsOf({ ...place, host: attempt.host }));
    }
  }

  /** Adds one attempt: its cost to the customer's usage, to the host's, to speed and to the ledger. */
  addAttempt(place: SumPlace, attempt: BookedAttempt): void {
    this.#addAttempt(place, attempt, this.#rowsOf({ ...place, host: attempt.host }));
  }

  #addAttempt({ dimensions, startedAtMs }: SumPlace, attempt: BookedAttempt, rows: CustomerRows): void {
    const upstreamModel = this.#labels.boundLabel(
      { startedAtMs: attempt.startedAtMs, customer: dimensions.customer, kind: 'upstreamModel' },
      attempt.upstreamModel,
    );
    const use = attemptUse(attempt);
    const { host, startedAtMs: attemptStartedAtMs, priceVersion, contractVersion } = attempt;
    const hostPlace = {
      dimensions,
      startedAtMs,
      host,
      upstreamModel,
      attemptStartedAtMs,
      priceVersion,
      contractVersion,
    };
    addTo(rows, use);
    this.addHostUse(hostPlace, { counts: use.counts, units: attempt.units, amounts: use.amounts });
    this.performance.add(dimensions, attempt);
    if (attempt.costNanos !== null && attempt.costNanos !== 0n) {
      const key = { customer: dimensions.customer, host, startedAtMs };
      this.ledger.addCost(key, attempt.costNanos, attempt.absorbedNanos);
    }
  }

  /** Adds what an attempt costs now beyond what it was booked with at first, and gives the differences of its cost. */
  addDifference(told: {
    readonly booking: Booking;
    readonly attempt: BookedAttempt;
    readonly earlier: BookedAttempt;
  }): { readonly costNanos: bigint; readonly absorbedNanos: bigint } {
    const { booking, attempt, earlier } = told;
    const dimensions = this.#bound(booking);
    const { startedAtMs } = booking;
    const [now, before] = [attemptUse(attempt).amounts ?? {}, attemptUse(earlier).amounts ?? {}];
    const difference = (column: AmountColumn): bigint => (now[column] ?? 0n) - (before[column] ?? 0n);
    const amounts = Object.fromEntries(differingColumns.map((column) => [column, difference(column)]));
    const upstreamModel = this.#labels.boundLabel(
      { startedAtMs: attempt.startedAtMs, customer: dimensions.customer, kind: 'upstreamModel' },
      attempt.upstreamModel,
    );
    const place = { dimensions, startedAtMs, host: attempt.host };
    this.addUse(place, { amounts });
    this.addHostUse(
      { ...place, ...attempt, upstreamModel, attemptStartedAtMs: attempt.startedAtMs, startedAtMs },
      { amounts },
    );
    if (attempt.costNanos === null && earlier.costNanos !== null && booking.chargeNanos !== null) {
      this.addUse({ ...place, host: dimensions.host }, { counts: { unpriced: 1 } });
    }
    this.performance.addCost(dimensions, attempt, difference('cost_nanos'));
    return { costNanos: difference('cost_nanos'), absorbedNanos: difference('absorbed_nanos') };
  }

  /** Writes every rollup, always in this order: two writers never wait for each other in a circle. */
  async writeSums(executor: Executor): Promise<void> {
    await this.slots.write(executor);
    await this.days().write(executor);
    await this.hosts.write(executor);
    await this.endUsers.write(executor);
    await this.performance.write(executor);
  }

  /** Adds to what customers see: by slot, and by end user. */
  addUse(place: SumPlace & { readonly host: string }, use: Use): void {
    addTo(this.#rowsOf(place), use);
  }

  #rowsOf({ dimensions, startedAtMs, host }: SumPlace & { readonly host: string }): CustomerRows {
    const { customer, key, job, model, feature, project, endUser } = dimensions;
    return {
      slot: this.slots.row([customer, slotOf(startedAtMs), key, job, model, host, feature, project]),
      endUser: endUser === '' ? undefined : this.endUsers.row([customer, dayOf(startedAtMs), endUser, job]),
    };
  }

  /** Adds to what hosts did. */
  addHostUse(place: HostPlace, use: Use): void {
    const { dimensions, host, upstreamModel, attemptStartedAtMs, priceVersion, contractVersion } = place;
    const { customer, key, model } = dimensions;
    this.hosts.add(
      [customer, hourOf(attemptStartedAtMs), host, upstreamModel, model, key, priceVersion, contractVersion],
      use,
    );
  }

  /** Days are the sums of their slots. */
  days(): SumTable {
    const days = new SumTable(sumTableShapes.day);
    for (const [[customer, slotMs, ...rest], sum] of this.slots.entries()) {
      const keys: KeyValue[] = [customer ?? '', dayOf(Number(slotMs)), ...rest];
      days.row(keys).merge(sum);
    }
    return days;
  }

  #bound({ startedAtMs, dimensions }: Booking): ExchangeDimensions {
    return this.#labels.bound(startedAtMs, dimensions);
  }
}

const differingColumns = ['cost_nanos', 'absorbed_nanos', 'waste_nanos', 'estimated_cost_nanos'] as const;

function addTo({ slot, endUser }: CustomerRows, use: Use): void {
  slot.add(use);
  endUser?.add(use);
}

function requestUse(booking: Booking): Use {
  const { status, final, chargeNanos, costNanos, savedNanos, isEstimated, units } = booking;
  return {
    counts: {
      requests: 1,
      failed: status === 'failed' ? 1 : 0,
      aborted: status === 'aborted' ? 1 : 0,
      cache_hits: final?.cache === 'hit' ? 1 : 0,
      unpriced: chargeNanos === null || costNanos === null ? 1 : 0,
      estimated: isEstimated ? 1 : 0,
      over_hold: final?.overHold === true ? 1 : 0,
    },
    units,
    amounts: {
      charge_nanos: chargeNanos ?? 0n,
      saved_nanos: savedNanos,
      estimated_charge_nanos: isEstimated ? (chargeNanos ?? 0n) : 0n,
    },
  };
}

function attemptUse(attempt: BookedAttempt): Use {
  const costNanos = attempt.costNanos ?? 0n;
  return {
    counts: { attempts: attempt.attempt === 0 ? 0 : 1 },
    amounts: {
      cost_nanos: costNanos,
      absorbed_nanos: attempt.absorbedNanos,
      waste_nanos: attempt.wasteNanos,
      estimated_cost_nanos: attempt.isEstimated ? costNanos : 0n,
    },
  };
}
