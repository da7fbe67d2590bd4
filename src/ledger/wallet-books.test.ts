import { expect, it } from 'vitest';
import { sharedTestDatabase } from '../storage/testing/shared-test-database.ts';
import { grantToWallet, openWallet, sweepWallets } from '../tenants/index.ts';
import { balanceOf } from './testing/balance-of.ts';
import { customerAccount, ownAccount } from './books/accounts.ts';
import { InvoiceFixture } from './invoices/testing/invoice-fixture.ts';
import { bookGrant, bookOpeningGrants } from './wallet-books.ts';

const database = sharedTestDatabase();
const actor = { name: 'ann', role: 'owner' } as const;

it('a wallet from before there were books gets the postings of its grants, each once, and its rest as breakage', async () => {
  let nowMs = Date.UTC(2026, 2, 1);
  let made = 0;
  const store = {
    database: database(),
    clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
    newId: (prefix: string) => `${prefix}_${(made += 1)}`,
  };
  await new InvoiceFixture(database()).addCustomer('acme');
  await openWallet(store, actor, { customer: 'acme' });
  const grant = async (kind: 'prepaid' | 'promo', amountNanos: bigint, expiresAtMs?: number) =>
    (await grantToWallet(store, actor, { customer: 'acme', kind, amountNanos, operationKey: `${made}`, expiresAtMs }))
      .grant;
  await grant('prepaid', 5_000_000_000n);
  await grant('promo', 700n, nowMs + 1000);
  await bookGrant(database().db, await grant('prepaid', 11n));
  nowMs += 2000;
  await sweepWallets(store, actor);

  expect(await bookOpeningGrants(database())).toBe(2);
  expect(await bookOpeningGrants(database())).toBe(0);
  const { db } = database();
  expect(await balanceOf(db, customerAccount('prepaid', 'acme'))).toBe(-5_000_000_011n);
  expect(await balanceOf(db, customerAccount('promo', 'acme'))).toBe(0n);
  expect(await balanceOf(db, ownAccount('breakage'))).toBe(-700n);
  const memos = await db.selectFrom('ledger_txn').select('memo').where('kind', '=', 'top_up').orderBy('id').execute();
  expect(memos.map(({ memo }) => memo).toSorted()).toEqual(['', 'opening balance']);
});
