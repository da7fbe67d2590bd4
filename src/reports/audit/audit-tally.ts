import type { Price } from '../../domain/rating/price.ts';
import type { AuditRow } from './audit-row.ts';
import { type CacheMove, type CacheSavings, Conversations } from './findings/conversations.ts';
import { addShare, Dimension, type OpenSum, otherNames } from './findings/dimension.ts';
import { HashTable, hash64 } from './findings/hash-table.ts';
import { ModelAccount } from './findings/model-account.ts';
import { RowRater } from './findings/row-rater.ts';
import { type Nanos, NanosSum } from './findings/nanos-sum.ts';
import { addUnits, noUnits, readUnits, totalInputOf, totalOutputOf, type Units } from './findings/units.ts';
import { moveUnits, type UsageCell } from './findings/usage-cells.ts';
import { type AuditPrices, versionIndexAt } from './prices/offer.ts';
import { dayNumber } from './reading/instant.ts';

const repeatWindowMs = 86_400_000;
const maxRememberedRows = 8_000_000;
const maxModels = 5_000;

/** Calls and cost that grow. */
class Counter {
  calls = 0;
  readonly #cost = new NanosSum();

  get costNanos(): bigint {
    return this.#cost.total;
  }

  add(calls: number, costNanos: Nanos | null): void {
    this.calls += calls;
    if (costNanos !== null) this.#cost.add(costNanos);
  }
}

/** Takes rows in any order and keeps sums only: its memory grows with names and days, not with rows. */
export class AuditTally implements CacheSavings {
  readonly #prices: AuditPrices;
  readonly #rater = new RowRater();
  readonly #accounts = new Map<string, Map<string, ModelAccount>>();
  #accountCount = 0;
  /** Rows of more models than anybody calls: counted as unpriced, so that endless names cannot fill the memory. */
  readonly #surplus: ModelAccount;
  readonly #seen = new HashTable(maxRememberedRows);
  readonly #asked = new HashTable(maxRememberedRows);
  readonly #conversations = new Conversations();
  /** Units of the row at hand. */
  readonly #units: Units = noUnits();
  readonly jobs = new Dimension();
  readonly users = new Dimension();
  readonly keys = new Dimension();
  readonly models = new Dimension(maxModels);
  readonly days = new Map<number, Counter>();
  readonly total = { rows: 0, calls: 0, unpricedCalls: 0, duplicates: 0 };
  readonly cost = new NanosSum();
  readonly failed = new Counter();
  readonly aborted = new Counter();
  readonly repeats = new Counter();
  readonly cacheable = new Counter();
  readonly assumedCache = new Counter();
  readonly unsized = new Counter();
  readonly invalid = new Counter();
  readonly estimated = new Counter();
  fingerprints = 0;
  sessions = 0;
  retries = 0;
  cached = 0;
  firstMs = Number.POSITIVE_INFINITY;
  lastMs = Number.NEGATIVE_INFINITY;

  constructor(prices: AuditPrices) {
    this.#prices = prices;
    this.#surplus = new ModelAccount({ hostName: undefined, modelName: otherNames }, prices);
  }

  /** Every model of the log. */
  accounts(): ModelAccount[] {
    const named = [...this.#accounts.values()].flatMap((byModel) => [...byModel.values()]);
    return this.#surplus.unknown ? [...named, this.#surplus] : named;
  }

  /** Whether so many rows came that later doubles would not have been noticed. */
  get isMemoryFull(): boolean {
    return this.#seen.isFull || this.#asked.isFull;
  }

  add(row: AuditRow): void {
    if (row.id !== undefined && this.#seen.swap(hash64(row.id), 1) !== undefined) {
      this.total.duplicates++;
      return;
    }
    const account = this.#accountOf(row);
    const { offer } = account;
    readUnits(row.usage.buckets, this.#units);
    const version = offer ? versionIndexAt(offer, row.startedAtMs) : undefined;
    const price = version && offer?.versions[version.index]?.price;
    const cost = this.#rater.costOf(row, price, this.#units);
    const { costNanos } = cost;
    const inputUnits = this.#addToSums(row, account, costNanos);
    if (costNanos === null) {
      const units = { input: inputUnits, output: totalOutputOf(this.#units) };
      account.addUnknown(row.calls, units, row.statedNanos);
      return;
    }
    if (version?.isEarly === true && row.outcome !== 'cached') {
      account.earlyCalls += row.calls;
      account.early.add(costNanos);
    }
    if (cost.isAssumed) this.assumedCache.add(row.calls, costNanos);
    if (cost.isUnsized) this.unsized.add(row.calls, costNanos);
    if (row.usage.invalid === true) this.invalid.add(row.calls, costNanos);
    if (row.usage.source === 'estimated') this.estimated.add(row.calls, costNanos);
    this.#judge(row, { account, price, costNanos, inputUnits, version: version?.index ?? 0 });
  }

  /** Returns the units of input. */
  #addToSums(row: AuditRow, account: ModelAccount, costNanos: Nanos | null): number {
    const units = this.#units;
    const inputUnits = totalInputOf(units);
    const { calls } = row;
    const share = { calls, costNanos, inputUnits, cacheReadUnits: units[1] ?? 0, outputUnits: totalOutputOf(units) };
    account.sum ??= this.models.sumOf(account.label);
    addShare(account.sum, share);
    const job = this.jobs.add(row.job, share);
    this.users.add(row.user, share);
    this.keys.add(row.key, share);
    this.total.rows++;
    if (row.fingerprint !== undefined) this.fingerprints++;
    if (row.session !== undefined) this.sessions++;
    this.total.calls += calls;
    if (row.startedAtMs < this.firstMs) this.firstMs = row.startedAtMs;
    if (row.startedAtMs > this.lastMs) this.lastMs = row.startedAtMs;
    const day = dayNumber(row.startedAtMs);
    let sum = this.days.get(day);
    if (!sum) this.days.set(day, (sum = new Counter()));
    sum.add(calls, costNanos);
    if (costNanos === null) this.total.unpricedCalls += calls;
    else this.#addToAccount(row, account, { costNanos, day, job, inputUnits });
    return inputUnits;
  }

  #addToAccount(row: AuditRow, account: ModelAccount, known: KnownCost): void {
    const { costNanos, day, job, inputUnits } = known;
    this.cost.add(costNanos);
    account.addDay(day, costNanos);
    account.addJob(job, costNanos);
    if (row.isSum !== true && inputUnits > account.maxInput) account.maxInput = inputUnits;
    if (row.startedAtMs < account.firstMs) account.firstMs = row.startedAtMs;
    if (row.startedAtMs > account.lastMs) account.lastMs = row.startedAtMs;
    account.calls += row.calls;
    account.priced.add(costNanos);
    if (row.statedNanos === undefined) return;
    account.statedCalls += row.calls;
    account.ours.add(costNanos);
    account.theirsNanos += row.statedNanos;
  }

  /** Sorts a paid row into what was wasted, what could have been cached, and the rest. */
  #judge(row: AuditRow, paid: Paid): void {
    if (row.isRetry === true) this.retries++;
    if (row.outcome === 'cached') {
      this.cached += row.calls;
      return;
    }
    const cell = paid.account.cells.cellOf(row, paid.version, paid.inputUnits);
    addUnits(cell.all, this.#units);
    cell.calls += row.calls;
    if (row.outcome !== 'answered') {
      (row.outcome === 'failed' ? this.failed : this.aborted).add(row.calls, paid.costNanos);
      return;
    }
    if (this.#isRepeat(row, paid.account)) {
      this.repeats.add(row.calls, paid.costNanos);
      return;
    }
    addUnits(cell.rest, this.#units);
    cell.restCalls += row.calls;
    const { price } = paid;
    if (price && row.session !== undefined && row.isSum !== true) this.#converse(row, { ...paid, price }, cell);
  }

  #isRepeat(row: AuditRow, account: ModelAccount): boolean {
    if (row.fingerprint === undefined || row.isSum === true) return false;
    const [high, low] = hash64(row.fingerprint, 1);
    const [saltHigh, saltLow] = account.salt;
    const before = this.#asked.swap([(high ^ saltHigh) >>> 0, (low ^ saltLow) >>> 0], row.startedAtMs);
    return before !== undefined && Math.abs(before - row.startedAtMs) <= repeatWindowMs;
  }

  #converse(row: AuditRow, paid: Paid & { readonly price: Price }, cell: UsageCell): void {
    const { account, price, costNanos, inputUnits } = paid;
    const { startedAtMs, usage, batch, region } = row;
    const turn = { startedAtMs, usage, batch, region, inputUnits, price, costNanos, cell, savings: this };
    this.#conversations.add(account.turns, row.session ?? '', turn);
  }

  /** Books what a prompt cache would have saved on a call. */
  save(cell: UsageCell, moves: readonly CacheMove[], savedNanos: bigint): void {
    this.cacheable.add(1, savedNanos);
    for (const move of moves) moveUnits(cell.rest, move.from, move);
  }

  #accountOf({ hostName, modelName }: AuditRow): ModelAccount {
    const host = hostName ?? '';
    let byModel = this.#accounts.get(host);
    if (!byModel) this.#accounts.set(host, (byModel = new Map()));
    const known = byModel.get(modelName);
    if (known) return known;
    if (this.#accountCount >= maxModels) return this.#surplus;
    this.#accountCount++;
    const account = new ModelAccount({ hostName, modelName }, this.#prices);
    byModel.set(Buffer.from(modelName).toString(), account);
    return account;
  }
}

interface Paid {
  readonly account: ModelAccount;
  readonly price: Price | undefined;
  readonly costNanos: Nanos;
  readonly inputUnits: number;
  readonly version: number;
}

interface KnownCost {
  readonly costNanos: Nanos;
  readonly day: number;
  readonly job: OpenSum;
  readonly inputUnits: number;
}
