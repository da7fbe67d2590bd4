import { sql } from 'kysely';
import type { PrepaidPack } from '../domain/charges/plan.ts';
import type { Database } from '../storage/index.ts';
import { type ExpiredGrant, toGrant, type WalletGrant } from '../tenants/index.ts';
import { customerAccount, ownAccount } from './books/accounts.ts';
import { expiryEntries, paymentEntries, promoEntries, topUpEntries } from './books/money-events.ts';
import { type Executor, type NewEntry, postTransaction } from './books/post-transaction.ts';

/** Books what was put into a wallet, in the transaction that puts it there: paid in advance, or given. */
export async function bookGrant(executor: Executor, grant: WalletGrant, memo?: string): Promise<void> {
  const { id, customer, kind, amountNanos } = grant;
  const isPaid = kind === 'prepaid';
  await post(executor, grant, {
    kind: isPaid ? 'top_up' : 'credit',
    entries: isPaid ? topUpEntries(customer, amountNanos, id) : promoEntries(customer, amountNanos, id),
    ...(memo !== undefined && { memo }),
  });
}

/** Books a pack that was sold: what was paid, the credit it gave, and their difference as revenue. */
export async function bookPack(executor: Executor, grant: WalletGrant, pack: PrepaidPack): Promise<void> {
  const entries: NewEntry[] = [
    { ...ownAccount('cash_clearing'), amountNanos: pack.priceNanos },
    { ...customerAccount('prepaid', grant.customer), grantId: grant.id, amountNanos: -pack.creditNanos },
    { ...ownAccount('revenue'), amountNanos: pack.creditNanos - pack.priceNanos },
  ];
  const booked = entries.filter(({ amountNanos }) => amountNanos !== 0n);
  await post(executor, grant, { kind: 'pack', entries: booked, memo: pack.name });
}

/** Books the rest of a grant that is over as breakage, in the transaction that writes it off. */
export async function bookExpiry(executor: Executor, { grant, amountNanos }: ExpiredGrant): Promise<void> {
  if (amountNanos === 0n) return;
  await postTransaction(executor, {
    kind: 'expiry',
    operationKey: `grant/${grant.id}/expiry`,
    sourceRef: `grant/${grant.id}`,
    bookedAtMs: grant.expiresAtMs ?? grant.createdAtMs,
    customer: grant.customer,
    entries: expiryEntries(grant.customer, grant, amountNanos),
  });
}

/** Books a payment of what a customer owes beyond its wallet. */
export async function bookWalletPayment(
  executor: Executor,
  payment: { readonly id: string; readonly customer: string; readonly amountNanos: bigint; readonly atMs: number },
): Promise<void> {
  const { id, customer, amountNanos, atMs } = payment;
  await postTransaction(executor, {
    kind: 'payment',
    operationKey: `wallet-payment/${id}`,
    sourceRef: `wallet-payment/${id}`,
    bookedAtMs: atMs,
    customer,
    entries: paymentEntries(customer, amountNanos),
  });
}

/**
 * Books grants that were made before there were books, as what they were: paid in advance or given. Without that the
 * account of a customer would show what was burned and not what was put in. A grant that is booked is left alone.
 */
export async function bookOpeningGrants({ db }: Pick<Database, 'db'>): Promise<number> {
  const unbooked = await db
    .selectFrom('wallet_grant')
    .selectAll()
    .where((row) =>
      row.not(
        row.exists(
          row
            .selectFrom('ledger_txn')
            .select('ledger_txn.id')
            .where('ledger_txn.op_key', '=', sql<string>`'grant/' || wallet_grant.id`),
        ),
      ),
    )
    .orderBy('id')
    .execute();
  for (const row of unbooked) {
    await db.transaction().execute(async (trx) => {
      const grant = toGrant(row);
      await bookGrant(trx, grant, 'opening balance');
      if (row.expired_at_ms !== null) await bookExpiry(trx, { grant, amountNanos: row.remaining_nanos });
    });
  }
  return unbooked.length;
}

async function post(
  executor: Executor,
  grant: WalletGrant,
  what: { readonly kind: string; readonly entries: readonly NewEntry[]; readonly memo?: string },
): Promise<void> {
  await postTransaction(executor, {
    ...what,
    operationKey: `grant/${grant.id}`,
    sourceRef: `grant/${grant.id}`,
    bookedAtMs: grant.createdAtMs,
    customer: grant.customer,
  });
}
