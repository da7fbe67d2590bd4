import type { Price } from '../../domain/price.ts';
import { totalInput, totalOutput } from '../../domain/usage.ts';
import type { AuditRow } from './audit-row.ts';
import { type CacheMove, type CacheSavings, Conversations } from './findings/conversations.ts';
import { Dimension, otherNames } from './findings/dimension.ts';
import { HashTable, hash64 } from './findings/hash-table.ts';
import { ModelAccount } from './findings/model-account.ts';
import { RowRater } from './findings/row-rater.ts';
import { addUnits, moveUnits, type UsageCell } from './findings/usage-cells.ts';
import { type AuditPrices, versionIndexAt } from './prices/offer.ts';

const repeatWindowMs = 86_400_000;
const maxRememberedRows = 8_000_000;
const maxModels = 5_000;

/** Calls and cost that grow. */
interface Counter {
  calls: number;
  costNanos: bigint;
}

const counter = (): Counter => ({ calls: 0, costNanos: 0n });

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
  readonly jobs = new Dimension();
  readonly users = new Dimension();
  readonly keys = new Dimension();
  readonly models = new Dimension(maxModels);
  readonly days = new Map<number, Counter>();
  readonly total = { rows: 0, calls: 0, costNanos: 0n, unpricedCalls: 0, duplicates: 0 };
  readonly failed = counter();
  readonly aborted = counter();
  readonly repeats = counter();
  readonly cacheable = counter();
  readonly assumedCache = counter();
  readonly unsized = counter();
  readonly invalid = counter();
  readonly estimated = counter();
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
    const version = offer ? versionIndexAt(offer, row.startedAtMs) : undefined;
    const price = version && offer?.versions[version.index]?.price;
    const cost = this.#rater.costOf(row, price);
    const { costNanos } = cost;
    this.#addToSums(row, account, costNanos);
    if (costNanos === null) {
      account.addUnknown(
        row.calls,
        { input: totalInput(row.usage.buckets), output: totalOutput(row.usage.buckets) },
        row.statedNanos,
      );
      return;
    }
    if (version?.isEarly === true && row.outcome !== 'cached') {
      account.earlyCalls += row.calls;
      account.earlyNanos += costNanos;
    }
    if (cost.isAssumed) count(this.assumedCache, row, costNanos);
    if (cost.isUnsized) count(this.unsized, row, costNanos);
    if (row.usage.invalid === true) count(this.invalid, row, costNanos);
    if (row.usage.source === 'estimated') count(this.estimated, row, costNanos);
    this.#compare(row, account, costNanos);
    this.#judge(row, { account, price, costNanos, version: version?.index ?? 0 });
  }

  #addToSums(row: AuditRow, account: ModelAccount, costNanos: bigint | null): void {
    const { buckets } = row.usage;
    const share = {
      calls: row.calls,
      costNanos,
      inputUnits: totalInput(buckets),
      cacheReadUnits: buckets.cacheRead ?? 0,
      outputUnits: totalOutput(buckets),
    };
    this.models.add(account.label, share);
    this.jobs.add(row.job, share);
    this.users.add(row.user, share);
    this.keys.add(row.key, share);
    this.total.rows++;
    if (row.fingerprint !== undefined) this.fingerprints++;
    if (row.session !== undefined) this.sessions++;
    this.total.calls += row.calls;
    if (costNanos === null) this.total.unpricedCalls += row.calls;
    else this.total.costNanos += costNanos;
    if (row.startedAtMs < this.firstMs) this.firstMs = row.startedAtMs;
    if (row.startedAtMs > this.lastMs) this.lastMs = row.startedAtMs;
    const day = Math.floor(row.startedAtMs / 86_400_000);
    let sum = this.days.get(day);
    if (!sum) this.days.set(day, (sum = counter()));
    sum.calls += row.calls;
    if (costNanos === null) return;
    sum.costNanos += costNanos;
    account.byDay.set(day, (account.byDay.get(day) ?? 0n) + costNanos);
    account.addJob(row.job, costNanos);
    if (row.isSum !== true && share.inputUnits > account.maxInput) account.maxInput = share.inputUnits;
    if (row.startedAtMs < account.firstMs) account.firstMs = row.startedAtMs;
    if (row.startedAtMs > account.lastMs) account.lastMs = row.startedAtMs;
    account.calls += row.calls;
    account.pricedNanos += costNanos;
  }

  #compare(row: AuditRow, account: ModelAccount, costNanos: bigint): void {
    if (row.statedNanos === undefined) return;
    account.statedCalls += row.calls;
    account.oursNanos += costNanos;
    account.theirsNanos += row.statedNanos;
  }

  /** Sorts a paid row into what was wasted, what could have been cached, and the rest. */
  #judge(row: AuditRow, paid: Paid): void {
    if (row.isRetry === true) this.retries++;
    if (row.outcome === 'cached') {
      this.cached += row.calls;
      return;
    }
    const cell = paid.account.cells.cellOf(row, paid.version);
    addUnits(cell.all, row.usage.buckets);
    cell.calls += row.calls;
    if (row.outcome !== 'answered') {
      count(row.outcome === 'failed' ? this.failed : this.aborted, row, paid.costNanos);
      return;
    }
    if (this.#isRepeat(row, paid.account)) {
      count(this.repeats, row, paid.costNanos);
      return;
    }
    addUnits(cell.rest, row.usage.buckets);
    cell.restCalls += row.calls;
    const { price } = paid;
    if (price && row.session !== undefined && row.isSum !== true) this.#converse(row, { ...paid, price }, cell);
  }

  #isRepeat(row: AuditRow, account: ModelAccount): boolean {
    if (row.fingerprint === undefined || row.isSum === true) return false;
    const [high, low] = hash64(row.fingerprint, 1);
    const [labelHigh, labelLow] = hash64(account.label, 2);
    const before = this.#asked.swap([(high ^ labelHigh) >>> 0, (low ^ labelLow) >>> 0], row.startedAtMs);
    return before !== undefined && Math.abs(before - row.startedAtMs) <= repeatWindowMs;
  }

  #converse(row: AuditRow, { account, price, costNanos }: Paid & { readonly price: Price }, cell: UsageCell): void {
    const turn = { row: leanRow(row), price, costNanos, cell, savings: this };
    this.#conversations.add(account.turns, row.session ?? '', turn);
  }

  /** Books what a prompt cache would have saved on a call. */
  save(cell: UsageCell, moves: readonly CacheMove[], savedNanos: bigint): void {
    this.cacheable.calls++;
    this.cacheable.costNanos += savedNanos;
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
  readonly costNanos: bigint;
  readonly version: number;
}

function count(sum: Counter, row: AuditRow, costNanos: bigint): void {
  sum.calls += row.calls;
  sum.costNanos += costNanos;
}

/** What a conversation needs of a row; the rest, such as the words, must not stay in memory. */
function leanRow(row: AuditRow): AuditRow {
  const { startedAtMs, usage, calls, outcome, batch, region } = row;
  return {
    startedAtMs,
    usage,
    calls,
    outcome,
    modelName: '',
    ...(batch !== undefined && { batch }),
    ...(region !== undefined && { region }),
  };
}
