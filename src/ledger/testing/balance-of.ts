import { sql } from 'kysely';
import type { AccountName } from '../books/accounts.ts';
import type { Executor } from '../books/post-transaction.ts';

/** Debits less credits of one account; 0 when nothing was ever posted to it. */
export async function balanceOf(executor: Executor, account: AccountName): Promise<bigint> {
  const { rows } = await sql<{ balance: bigint | null }>`
    SELECT sum(entry.amount_nanos) AS balance FROM ledger_account account
    JOIN ledger_entry entry ON entry.account_id = account.id
    WHERE account.kind = ${account.kind} AND account.owner = ${account.owner}`.execute(executor);
  return rows[0]?.balance ?? 0n;
}
