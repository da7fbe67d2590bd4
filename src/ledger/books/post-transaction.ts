import { createHash } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import type { Tables } from '../../storage/index.ts';
import { checkAmount } from '../amount.ts';
import { LedgerError } from '../ledger-error.ts';
import type { AccountName } from './accounts.ts';

/** A database, or a transaction of it that the posting is to be part of. */
export type Executor = Kysely<Tables>;

/** One amount on one account: debits positive, credits negative. */
export interface NewEntry extends AccountName {
  readonly amountNanos: bigint;
  /** The grant of a wallet that it moves. */
  readonly grantId?: string | undefined;
  /** The earlier entry that it takes back. */
  readonly mirrorsEntryId?: bigint | undefined;
}

/** What is posted in one go. */
export interface NewTransaction {
  readonly kind: string;
  /** Made once, before the work: posting the same operation again posts nothing. */
  readonly operationKey: string;
  readonly sourceRef: string;
  /** When it counts, in epoch milliseconds; decides the period. */
  readonly bookedAtMs: number;
  readonly entries: readonly NewEntry[];
  readonly customer?: string | undefined;
  readonly host?: string | undefined;
  readonly reversesTxnId?: bigint | undefined;
  readonly memo?: string | undefined;
}

/** Which transaction stands for an operation, and whether this call made it. */
export interface Posted {
  readonly txnId: bigint;
  readonly isNew: boolean;
}

/** Posts one transaction. The same operation key with the same content is a no-op, with another content a conflict. */
export async function postTransaction(executor: Executor, transaction: NewTransaction): Promise<Posted> {
  const [posted] = await postTransactions(executor, [transaction]);
  if (!posted) throw new LedgerError('unbalanced', 'nothing was posted');
  return posted;
}

/** Posts several transactions in three statements; all of them or, in a transaction that fails, none. */
export async function postTransactions(
  executor: Executor,
  transactions: readonly NewTransaction[],
): Promise<readonly Posted[]> {
  if (transactions.length === 0) return [];
  for (const transaction of transactions) checkTransaction(transaction);
  const digests = transactions.map(digestOf);
  await ensureAccounts(executor, transactions);
  const made = await insertTransactions(executor, transactions, digests);
  const posted = await findPosted(executor, { transactions, digests, made });
  await insertEntries(executor, transactions, posted);
  return posted;
}

function checkTransaction({ entries, operationKey }: NewTransaction): void {
  let sum = 0n;
  for (const { amountNanos } of entries) sum += checkAmount(amountNanos);
  if (entries.length < 2) throw new LedgerError('unbalanced', `${operationKey} has fewer than two entries`);
  if (entries.some(({ amountNanos }) => amountNanos === 0n)) {
    throw new LedgerError('unbalanced', `${operationKey} has an entry of 0`);
  }
  if (sum !== 0n) throw new LedgerError('unbalanced', `the entries of ${operationKey} sum to ${sum}`);
}

/** The content that makes two operations the same. */
function digestOf(transaction: NewTransaction): string {
  const { kind, customer, host, bookedAtMs, reversesTxnId, entries } = transaction;
  const lines = entries.map(({ kind: account, owner, amountNanos, grantId, mirrorsEntryId }) =>
    [account, owner, amountNanos, grantId ?? '', mirrorsEntryId ?? ''].map(String),
  );
  const content = JSON.stringify([kind, customer ?? '', host ?? '', bookedAtMs, String(reversesTxnId ?? ''), lines]);
  return createHash('sha256').update(content).digest('hex').slice(0, 32);
}

/** Sorted, so that two writers never wait for each other's accounts. */
async function ensureAccounts(executor: Executor, transactions: readonly NewTransaction[]): Promise<void> {
  const names = new Map<string, AccountName>();
  for (const { entries } of transactions) {
    for (const { kind, owner } of entries) names.set(`${kind}/${owner}`, { kind, owner });
  }
  const wanted = JSON.stringify([...names.values()]);
  await sql`
    INSERT INTO ledger_account (kind, owner)
    SELECT wanted.kind, wanted.owner FROM json_to_recordset(${wanted}::json) AS wanted(kind text, owner text)
    WHERE NOT EXISTS (SELECT 1 FROM ledger_account known WHERE known.kind = wanted.kind AND known.owner = wanted.owner)
    ORDER BY wanted.kind, wanted.owner
    ON CONFLICT (kind, owner) DO NOTHING`.execute(executor);
}

async function insertTransactions(
  executor: Executor,
  transactions: readonly NewTransaction[],
  digests: readonly string[],
): Promise<ReadonlyMap<string, bigint>> {
  const rows = transactions.map((transaction, index) => ({
    kind: transaction.kind,
    op_key: transaction.operationKey,
    digest: digests[index],
    source_ref: transaction.sourceRef,
    customer: transaction.customer ?? '',
    host: transaction.host ?? '',
    booked_at_ms: Math.trunc(transaction.bookedAtMs),
    reverses_txn_id: transaction.reversesTxnId?.toString() ?? null,
    memo: transaction.memo ?? '',
  }));
  const { rows: made } = await sql<{ id: bigint; op_key: string }>`
    INSERT INTO ledger_txn (kind, op_key, digest, source_ref, customer, host, booked_at_ms, reverses_txn_id, memo)
    SELECT kind, op_key, digest, source_ref, customer, host, booked_at_ms, reverses_txn_id, memo
    FROM json_to_recordset(${JSON.stringify(rows)}::json) AS r(kind text, op_key text, digest text, source_ref text,
      customer text, host text, booked_at_ms bigint, reverses_txn_id bigint, memo text)
    ORDER BY op_key
    ON CONFLICT (op_key) DO NOTHING
    RETURNING id, op_key`.execute(executor);
  return new Map(made.map(({ id, op_key: key }) => [key, id]));
}

async function findPosted(
  executor: Executor,
  work: {
    readonly transactions: readonly NewTransaction[];
    readonly digests: readonly string[];
    readonly made: ReadonlyMap<string, bigint>;
  },
): Promise<readonly Posted[]> {
  const { transactions, digests, made } = work;
  const missing = transactions.map(({ operationKey }) => operationKey).filter((key) => !made.has(key));
  const known =
    missing.length === 0
      ? []
      : await executor
          .selectFrom('ledger_txn')
          .select(['id', 'op_key', 'digest'])
          .where('op_key', 'in', missing)
          .execute();
  const knownByKey = new Map(known.map((row) => [row.op_key, row]));
  return transactions.map(({ operationKey }, index): Posted => {
    const txnId = made.get(operationKey);
    if (txnId !== undefined) return { txnId, isNew: true };
    const earlier = knownByKey.get(operationKey);
    if (earlier === undefined || earlier.digest !== digests[index]) {
      throw new LedgerError('conflict', `${operationKey} was posted before with another content`);
    }
    return { txnId: earlier.id, isNew: false };
  });
}

async function insertEntries(
  executor: Executor,
  transactions: readonly NewTransaction[],
  posted: readonly Posted[],
): Promise<void> {
  const rows = transactions.flatMap(({ entries }, index) => {
    const { txnId, isNew } = posted[index] ?? {};
    if (isNew !== true || txnId === undefined) return [];
    return entries.map((entry) => ({
      txn: txnId.toString(),
      kind: entry.kind,
      owner: entry.owner,
      amount: entry.amountNanos.toString(),
      grant_id: entry.grantId ?? null,
      mirrors: entry.mirrorsEntryId?.toString() ?? null,
    }));
  });
  if (rows.length === 0) return;
  await sql`
    INSERT INTO ledger_entry (txn_id, account_id, amount_nanos, grant_id, mirrors_entry_id)
    SELECT r.txn, account.id, r.amount, r.grant_id, r.mirrors
    FROM ROWS FROM (json_to_recordset(${JSON.stringify(rows)}::json)
        AS (txn bigint, kind text, owner text, amount bigint, grant_id text, mirrors bigint))
      WITH ORDINALITY AS r(txn, kind, owner, amount, grant_id, mirrors, place)
    JOIN ledger_account account ON account.kind = r.kind AND account.owner = r.owner
    ORDER BY r.place`.execute(executor);
}
