import { sql } from 'kysely';
import { LedgerError } from '../ledger-error.ts';
import type { AccountKind } from './accounts.ts';
import { type Executor, type NewEntry, type Posted, postTransaction } from './post-transaction.ts';

/** What is to be taken back of an earlier transaction. */
export interface Reversal {
  readonly txnId: bigint;
  /** How much of its debits; all that is left when absent. */
  readonly amountNanos?: bigint;
  readonly kind: 'refund' | 'correction' | 'reversal';
  readonly operationKey: string;
  readonly sourceRef: string;
  readonly bookedAtMs: number;
  /** Only these accounts' debits and as much of the credits; for transactions that hold more than one matter. */
  readonly accounts?: readonly AccountKind[] | undefined;
  readonly memo?: string | undefined;
}

/** A reversal, and what it gave back to grants, so that the wallet's owner can put it there. */
export interface Reversed extends Posted {
  readonly returned: readonly { readonly grantId: string; readonly amountNanos: bigint }[];
}

interface OriginalEntry {
  readonly id: bigint;
  readonly kind: AccountKind;
  readonly owner: string;
  readonly grant_id: string | null;
  readonly amount_nanos: bigint;
  /** What earlier reversals left of it, with its sign. */
  readonly left_nanos: bigint;
}

/**
 * Takes back a transaction or a part of it by mirroring its own entries, last posted first. It follows the split that
 * was recorded, not what the burn order would be today, and never takes an entry back twice.
 */
export async function reverseTransaction(executor: Executor, reversal: Reversal): Promise<Reversed> {
  const known = await executor
    .selectFrom('ledger_txn')
    .select(['id', 'customer', 'host'])
    .where('id', '=', reversal.txnId)
    .executeTakeFirst();
  if (!known) throw new LedgerError('unknown_txn', `there is no ledger transaction ${reversal.txnId}`);
  const repeated = await repeatedReversal(executor, reversal);
  if (repeated) return repeated;
  // Reversals of one transaction go one after the other.
  await sql`SELECT pg_advisory_xact_lock(7237128, ${Number(reversal.txnId % 2_147_483_647n)})`.execute(executor);
  const originals = (await readOriginals(executor, reversal.txnId)).filter(
    ({ kind }) => reversal.accounts?.includes(kind) ?? true,
  );
  const entries = mirror(originals, reversal);
  const posted = await postTransaction(executor, {
    kind: reversal.kind,
    operationKey: reversal.operationKey,
    sourceRef: reversal.sourceRef,
    bookedAtMs: reversal.bookedAtMs,
    customer: known.customer,
    host: known.host,
    reversesTxnId: reversal.txnId,
    entries,
    memo: reversal.memo ?? '',
  });
  return { ...posted, returned: returnedOf(entries) };
}

/** The same operation told again: its entries are there, and mirroring anew would find less left. */
async function repeatedReversal(executor: Executor, reversal: Reversal): Promise<Reversed | undefined> {
  const { rows } = await sql<{ id: bigint; reverses: bigint | null; debits: bigint | null }>`
    SELECT txn.id, txn.reverses_txn_id AS reverses,
      (SELECT sum(amount_nanos) FROM ledger_entry WHERE txn_id = txn.id AND amount_nanos > 0) AS debits
    FROM ledger_txn txn WHERE op_key = ${reversal.operationKey}`.execute(executor);
  const [earlier] = rows;
  if (!earlier) return undefined;
  const isSame =
    earlier.reverses === reversal.txnId &&
    (reversal.amountNanos === undefined || earlier.debits === reversal.amountNanos);
  if (!isSame) throw new LedgerError('conflict', `${reversal.operationKey} was posted before with another content`);
  return { txnId: earlier.id, isNew: false, returned: [] };
}

async function readOriginals(executor: Executor, txnId: bigint): Promise<readonly OriginalEntry[]> {
  const { rows } = await sql<OriginalEntry>`
    SELECT entry.id, account.kind, account.owner, entry.grant_id, entry.amount_nanos,
      (entry.amount_nanos + coalesce((SELECT sum(back.amount_nanos) FROM ledger_entry back
        WHERE back.mirrors_entry_id = entry.id), 0))::bigint AS left_nanos
    FROM ledger_entry entry JOIN ledger_account account ON account.id = entry.account_id
    WHERE entry.txn_id = ${txnId} ORDER BY entry.id DESC`.execute(executor);
  return rows;
}

function mirror(originals: readonly OriginalEntry[], reversal: Reversal): NewEntry[] {
  const debits = originals.filter(({ left_nanos: left }) => left > 0n);
  const credits = originals.filter(({ left_nanos: left }) => left < 0n);
  const available = debits.reduce((sum, { left_nanos: left }) => sum + left, 0n);
  const amountNanos = reversal.amountNanos ?? available;
  if (amountNanos <= 0n) throw new LedgerError('over_reversed', `nothing is left of transaction ${reversal.txnId}`);
  return [...take(debits, amountNanos, reversal.txnId), ...take(credits, amountNanos, reversal.txnId)];
}

function take(originals: readonly OriginalEntry[], amountNanos: bigint, txnId: bigint): NewEntry[] {
  const entries: NewEntry[] = [];
  let rest = amountNanos;
  for (const { id, kind, owner, grant_id: grantId, left_nanos: left } of originals) {
    if (rest === 0n) break;
    const size = left < 0n ? -left : left;
    const taken = size < rest ? size : rest;
    rest -= taken;
    entries.push({
      kind,
      owner,
      amountNanos: left > 0n ? -taken : taken,
      mirrorsEntryId: id,
      ...(grantId !== null && { grantId }),
    });
  }
  if (rest > 0n) throw new LedgerError('over_reversed', `only ${amountNanos - rest} nano-USD are left of ${txnId}`);
  return entries;
}

function returnedOf(entries: readonly NewEntry[]): Reversed['returned'] {
  return entries.flatMap(({ grantId, amountNanos }) =>
    grantId === undefined ? [] : [{ grantId, amountNanos: amountNanos < 0n ? -amountNanos : amountNanos }],
  );
}
