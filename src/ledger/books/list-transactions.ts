import { sql } from 'kysely';
import type { Executor } from './post-transaction.ts';

/** One amount of a transaction: debits positive, credits negative. */
export interface ListedEntry {
  readonly account: string;
  readonly owner: string;
  readonly amountNanos: bigint;
}

/** A transaction of the books with its entries. */
export interface ListedTransaction {
  readonly id: bigint;
  readonly kind: string;
  readonly operationKey: string;
  readonly sourceRef: string;
  readonly customer: string;
  readonly host: string;
  readonly bookedAtMs: number;
  readonly reversesTxnId: bigint | null;
  readonly memo: string;
  readonly entries: readonly ListedEntry[];
}

/** Which transactions are wanted, newest first. */
export interface TransactionQuery {
  readonly limit: number;
  /** Only those posted before this one. */
  readonly beforeId?: bigint | undefined;
  readonly customer?: string | undefined;
  readonly host?: string | undefined;
  readonly kind?: string | undefined;
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
}

/** Lists transactions in the opposite order of posting, each whole. */
export async function listTransactions(
  executor: Executor,
  query: TransactionQuery,
): Promise<readonly ListedTransaction[]> {
  const { limit, beforeId, customer, host, kind, fromMs, toMs } = query;
  let wanted = executor.selectFrom('ledger_txn').selectAll().orderBy('id', 'desc').limit(limit);
  if (beforeId !== undefined) wanted = wanted.where('id', '<', beforeId);
  if (customer !== undefined) wanted = wanted.where('customer', '=', customer);
  if (host !== undefined) wanted = wanted.where('host', '=', host);
  if (kind !== undefined) wanted = wanted.where('kind', '=', kind);
  if (fromMs !== undefined) wanted = wanted.where('booked_at_ms', '>=', BigInt(fromMs));
  if (toMs !== undefined) wanted = wanted.where('booked_at_ms', '<', BigInt(toMs));
  const rows = await wanted.execute();
  const entries = await entriesOf(
    executor,
    rows.map(({ id }) => id),
  );
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    operationKey: row.op_key,
    sourceRef: row.source_ref,
    customer: row.customer,
    host: row.host,
    bookedAtMs: Number(row.booked_at_ms),
    reversesTxnId: row.reverses_txn_id,
    memo: row.memo,
    entries: entries.get(row.id) ?? [],
  }));
}

async function entriesOf(
  executor: Executor,
  txnIds: readonly bigint[],
): Promise<ReadonlyMap<bigint, readonly ListedEntry[]>> {
  const found = new Map<bigint, ListedEntry[]>();
  if (txnIds.length === 0) return found;
  const { rows } = await sql<{ txn_id: bigint; kind: string; owner: string; amount_nanos: bigint }>`
    SELECT entry.txn_id, account.kind, account.owner, entry.amount_nanos
    FROM ledger_entry entry JOIN ledger_account account ON account.id = entry.account_id
    WHERE entry.txn_id IN (${sql.join(txnIds)}) ORDER BY entry.id`.execute(executor);
  for (const row of rows) {
    const entry = { account: row.kind, owner: row.owner, amountNanos: row.amount_nanos };
    const known = found.get(row.txn_id);
    if (known) known.push(entry);
    else found.set(row.txn_id, [entry]);
  }
  return found;
}
