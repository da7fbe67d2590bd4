import { sql } from 'kysely';
import type { AccountKind, AccountName } from './accounts.ts';
import type { Executor } from './post-transaction.ts';

/** Balance of an account and what moved it. */
export interface AccountBalance extends AccountName {
  /** Debits less credits. */
  readonly balanceNanos: bigint;
  readonly debitNanos: bigint;
  readonly creditNanos: bigint;
}

/** Which balances are wanted. */
export interface BalanceQuery {
  readonly kind?: AccountKind | undefined;
  readonly owner?: string | undefined;
  /** Only what counts at or after this instant. */
  readonly fromMs?: number | undefined;
  /** Only what counts before this instant. */
  readonly toMs?: number | undefined;
}

/** Balances of all accounts that match, each exactly the sum of its entries. */
export async function listBalances(executor: Executor, query: BalanceQuery = {}): Promise<readonly AccountBalance[]> {
  const { kind, owner, fromMs, toMs } = query;
  const { rows } = await sql<{ kind: AccountKind; owner: string; balance: bigint; debit: bigint; credit: bigint }>`
    SELECT account.kind, account.owner, sum(entry.amount_nanos) AS balance,
      coalesce(sum(entry.amount_nanos) FILTER (WHERE entry.amount_nanos > 0), 0) AS debit,
      coalesce(-sum(entry.amount_nanos) FILTER (WHERE entry.amount_nanos < 0), 0) AS credit
    FROM ledger_entry entry
    JOIN ledger_account account ON account.id = entry.account_id
    JOIN ledger_txn txn ON txn.id = entry.txn_id
    WHERE (${kind ?? null}::text IS NULL OR account.kind = ${kind ?? null})
      AND (${owner ?? null}::text IS NULL OR account.owner = ${owner ?? null})
      AND (${fromMs ?? null}::bigint IS NULL OR txn.booked_at_ms >= ${fromMs ?? null})
      AND (${toMs ?? null}::bigint IS NULL OR txn.booked_at_ms < ${toMs ?? null})
    GROUP BY account.kind, account.owner ORDER BY account.kind, account.owner`.execute(executor);
  return rows.map((row) => ({
    kind: row.kind,
    owner: row.owner,
    balanceNanos: row.balance,
    debitNanos: row.debit,
    creditNanos: row.credit,
  }));
}
