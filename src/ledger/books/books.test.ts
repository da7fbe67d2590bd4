import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../storage/index.ts';
import { openTestDatabase, type TestDatabase } from '../../storage/testing/open-test-database.ts';
import { customerAccount, ownAccount } from './accounts.ts';
import { balanceOf } from '../testing/balance-of.ts';
import {
  chargeEntries,
  costEntries,
  expiryEntries,
  paymentEntries,
  promoEntries,
  topUpEntries,
} from './money-events.ts';
import { type NewEntry, type NewTransaction, postTransaction } from './post-transaction.ts';
import { reverseTransaction } from './reverse-transaction.ts';

let opened: TestDatabase;
let database: Database;

beforeAll(async () => {
  opened = await openTestDatabase();
  ({ database } = opened);
});
afterAll(() => opened.close());

let operations = 0;
function transaction(entries: readonly NewEntry[], rest: Partial<NewTransaction> = {}): NewTransaction {
  operations += 1;
  return {
    kind: 'test',
    operationKey: `operation/${operations}`,
    sourceRef: 'test',
    bookedAtMs: 1_750_000_000_000,
    entries,
    ...rest,
  };
}

const usd = 1_000_000_000n;
const sumOf = (entries: readonly NewEntry[]): bigint => entries.reduce((sum, { amountNanos }) => sum + amountNanos, 0n);

describe('the books', () => {
  it.each([
    ['top-up', topUpEntries('acme', 10n * usd, 'grant-1')],
    ['credit', promoEntries('acme', 5n * usd, 'grant-2')],
    [
      'usage',
      chargeEntries('acme', [
        { kind: 'prepaid', amountNanos: 7n },
        { kind: 'receivable', amountNanos: 3n },
      ]),
    ],
    ['cost of an attempt', costEntries('openai', 9n, 2n)],
    ['credit expiry', expiryEntries('acme', { id: 'grant-2', kind: 'promo' }, 125n)],
    ['payment', paymentEntries('acme', 3n)],
  ])('[money 52] the entries of a %s sum to zero and are posted', async (_name, entries) => {
    expect(sumOf(entries)).toBe(0n);
    const { txnId, isNew } = await postTransaction(database.db, transaction(entries));
    expect(isNew).toBe(true);
    const stored = await database.db.selectFrom('ledger_entry').selectAll().where('txn_id', '=', txnId).execute();
    expect(stored.map(({ amount_nanos: amount }) => amount)).toEqual(entries.map(({ amountNanos }) => amountNanos));
  });

  it.each([
    'UPDATE ledger_entry SET amount_nanos = 1',
    'DELETE FROM ledger_entry',
    'TRUNCATE ledger_entry CASCADE',
    'UPDATE ledger_txn SET kind = kind',
    'DELETE FROM ledger_txn',
    'TRUNCATE ledger_txn CASCADE',
    'UPDATE ledger_account SET owner = owner',
    'DELETE FROM ledger_account',
  ])('[money 52] refuses %s', async (statement) => {
    await expect(sql.raw(statement).execute(database.db)).rejects.toThrow(/append-only/);
  });

  it('[money 52] refuses entries that do not sum to zero, also behind the back of the program', async () => {
    const entries = [
      { ...ownAccount('revenue'), amountNanos: -2n },
      { ...customerAccount('accrued', 'acme'), amountNanos: 1n },
    ];
    await expect(postTransaction(database.db, transaction(entries))).rejects.toMatchObject({ code: 'unbalanced' });
    const { txnId } = await postTransaction(database.db, transaction(topUpEntries('acme', 1n)));
    const crooked = database.db
      .insertInto('ledger_entry')
      .values({ txn_id: txnId, account_id: 1n, amount_nanos: 5n, grant_id: null, mirrors_entry_id: null })
      .execute();
    await expect(crooked).rejects.toThrow(/does not add up/);
  });

  it('[money 70] posts an operation once: again it is a no-op, with another content a conflict', async () => {
    const first = transaction(topUpEntries('repeat', 4n * usd));
    const { txnId } = await postTransaction(database.db, first);
    expect(await postTransaction(database.db, first)).toEqual({ txnId, isNew: false });
    const other = { ...first, entries: topUpEntries('repeat', 5n * usd) };
    await expect(postTransaction(database.db, other)).rejects.toMatchObject({ code: 'conflict' });
    expect(await balanceOf(database.db, customerAccount('prepaid', 'repeat'))).toBe(-4n * usd);
  });

  it('[money 71] posts once when the first try fails after validation and the caller tries again', async () => {
    const posting = transaction(topUpEntries('retry', 2n * usd));
    const failed = database.db.transaction().execute(async (trx) => {
      await postTransaction(trx, posting);
      throw new Error('the connection is lost');
    });
    await expect(failed).rejects.toThrow('the connection is lost');
    expect(await postTransaction(database.db, posting)).toMatchObject({ isNew: true });
    expect(await balanceOf(database.db, customerAccount('prepaid', 'retry'))).toBe(-2n * usd);
  });

  it('[money 53] gives a refund back in reverse order of the original split, never twice', async () => {
    const entries = chargeEntries('burner', [
      { kind: 'promo', grantId: 'promo-5', amountNanos: 5n * usd },
      { kind: 'prepaid', grantId: 'prepaid-10', amountNanos: 2n * usd },
    ]);
    const { txnId } = await postTransaction(database.db, transaction(entries, { customer: 'burner' }));
    const refund = {
      txnId,
      amountNanos: 3n * usd,
      kind: 'refund' as const,
      operationKey: 'refund/1',
      sourceRef: 'test',
      bookedAtMs: 1_750_000_060_000,
    };
    const refunded = await reverseTransaction(database.db, refund);
    expect(refunded.returned).toEqual([
      { grantId: 'prepaid-10', amountNanos: 2n * usd },
      { grantId: 'promo-5', amountNanos: 1n * usd },
    ]);
    expect(await reverseTransaction(database.db, refund)).toMatchObject({ txnId: refunded.txnId, isNew: false });
    expect(await balanceOf(database.db, customerAccount('promo', 'burner'))).toBe(4n * usd);
    expect(await balanceOf(database.db, customerAccount('prepaid', 'burner'))).toBe(0n);
    const tooMuch = reverseTransaction(database.db, { ...refund, operationKey: 'refund/2', amountNanos: 5n * usd });
    await expect(tooMuch).rejects.toMatchObject({ code: 'over_reversed' });
    const rest = await reverseTransaction(database.db, {
      txnId,
      kind: 'refund',
      operationKey: 'refund/3',
      sourceRef: 'test',
      bookedAtMs: 1_750_000_060_000,
    });
    expect(rest.returned).toEqual([{ grantId: 'promo-5', amountNanos: 4n * usd }]);
    expect(await balanceOf(database.db, customerAccount('promo', 'burner'))).toBe(0n);
  });

  it('[money 55] writes the rest of an expired grant off, and takes back from there what a late fact burns', async () => {
    await postTransaction(database.db, transaction(promoEntries('late', 1_250_000_000n, 'promo-late')));
    const expiry = expiryEntries('late', { id: 'promo-late', kind: 'promo' }, 1_250_000_000n);
    await postTransaction(database.db, transaction(expiry));
    const late = chargeEntries('late', [
      { kind: 'promo', grantId: 'promo-late', amountNanos: 250_000_000n, fromBreakage: true },
    ]);
    expect(late[0]).toMatchObject({ kind: 'breakage', amountNanos: 250_000_000n });
    await postTransaction(database.db, transaction(late));
    expect(await balanceOf(database.db, customerAccount('promo', 'late'))).toBe(0n);
  });

  it.each([9_300_000_000_000_000_000n, -9_300_000_000_000_000_000n])(
    '[money 79] refuses %s, which 64 bits cannot hold',
    async (amountNanos) => {
      const posting = transaction(topUpEntries('big', amountNanos));
      await expect(postTransaction(database.db, posting)).rejects.toMatchObject({ code: 'out_of_range' });
    },
  );

  it('lets two writers post to the same new accounts at once', async () => {
    const postings = Array.from({ length: 20 }, (_, index) =>
      postTransaction(database.db, transaction(costEntries(`host-${index % 3}`, 5n, 1n))),
    );
    expect((await Promise.all(postings)).every(({ isNew }) => isNew)).toBe(true);
  });
});
