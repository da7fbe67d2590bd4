import type { Price } from '../../../domain/rating/price.ts';
import { usageBuckets } from '../../../domain/rating/usage.ts';
import type { PriceMove } from '../audit-report.ts';
import type { ModelAccount } from './model-account.ts';
import { costOfCell } from './usage-cells.ts';

/** Changes of price within the time of the log, dearest first: what each cost from its day on. They add up exactly. */
export function priceMoves(accounts: readonly ModelAccount[]): readonly PriceMove[] {
  return accounts
    .flatMap((account) => movesOf(account))
    .toSorted((one, other) => Number(abs(other.paidNanos) - abs(one.paidNanos)) || one.atMs - other.atMs);
}

function movesOf(account: ModelAccount): PriceMove[] {
  const versions = account.offer?.versions ?? [];
  const moves: PriceMove[] = [];
  for (const [index, version] of versions.entries()) {
    const before = versions[index - 1]?.price;
    const { fromMs, price } = version;
    if (!before || !price || fromMs === undefined) continue;
    if (fromMs <= account.firstMs || fromMs > account.lastMs) continue;
    const changes = changesOf(before, price);
    if (changes.length === 0) continue;
    const { calls, paidNanos } = paidSince(account, index, { before, after: price });
    moves.push({ model: account.label, atMs: fromMs, changes, calls, paidNanos });
  }
  return moves;
}

function paidSince(
  account: ModelAccount,
  version: number,
  prices: { readonly before: Price; readonly after: Price },
): { calls: number; paidNanos: bigint } {
  let [calls, paidNanos] = [0, 0n];
  for (const cell of account.cells.cells()) {
    if (cell.version < version) continue;
    const before = costOfCell(cell, prices.before, 'all');
    const after = costOfCell(cell, prices.after, 'all');
    if (!before || !after) continue;
    calls += cell.calls;
    paidNanos += after.costNanos - before.costNanos;
  }
  return { calls, paidNanos };
}

function changesOf(before: Price, after: Price): PriceMove['changes'] {
  return usageBuckets
    .map((bucket) => ({ bucket, beforePicos: before.picosPerUnit[bucket], afterPicos: after.picosPerUnit[bucket] }))
    .filter((change) => change.beforePicos !== change.afterPicos);
}

function abs(value: bigint): bigint {
  return value < 0n ? -value : value;
}
