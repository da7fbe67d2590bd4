import { beforeEach, describe, expect, it } from 'vitest';
import { bookExpiry, listBalances } from '../../ledger/index.ts';
import { createIdSource } from '../../platform/ids.ts';
import { createSeededRandom } from '../../platform/random.ts';
import { systemClock } from '../../platform/clock.ts';
import { sharedTestDatabase } from '../../storage/testing/shared-test-database.ts';
import { sweepWallets } from '../../tenants/index.ts';
import { type ControlHarness, createControlHarness } from './testing/control-harness.ts';

const database = sharedTestDatabase();
const usd = 1_000_000_000n;
const dayMs = 86_400_000;
let control: ControlHarness;

beforeEach(async () => {
  control = createControlHarness(database());
  await post('/customers', { id: 'acme', displayName: 'Acme' });
});

async function post(path: string, body: object, status = 201) {
  const answer = await control.call('POST', path, { body });
  expect([path, answer.status, answer.text]).toEqual([path, status, answer.text]);
  return answer.body;
}

/** Debits positive; only what is not zero. */
async function books(): Promise<Record<string, bigint>> {
  const rows = await listBalances(database().db, {});
  return Object.fromEntries(
    rows.flatMap(({ kind, owner, balanceNanos }) =>
      balanceNanos === 0n ? [] : [[`${kind}${owner && `:${owner}`}`, balanceNanos]],
    ),
  );
}

describe('money in wallets', () => {
  beforeEach(() => post('/customers/acme/wallet', {}));

  it('[money 52] a payment and a gift are in the books as soon as they are in the wallet, once', async () => {
    const paid = { kind: 'prepaid', amountNanos: `${10n * usd}`, operationKey: 'payment-1' };
    await post('/customers/acme/grants', paid);
    await post('/customers/acme/grants', paid);
    await post('/customers/acme/grants', { kind: 'promo', amountNanos: `${5n * usd}`, operationKey: 'gift-1' });
    expect(await books()).toEqual({
      cash_clearing: 10n * usd,
      'prepaid:acme': -10n * usd,
      revenue: 5n * usd,
      'promo:acme': -5n * usd,
    });
  });

  it('[money 55] the rest of an expired gift is written off in the books with the wallet', async () => {
    const soonMs = systemClock.nowMs() + 5_000;
    const gift = { kind: 'promo', amountNanos: '1250000000', operationKey: 'gift-2', expiresAtMs: soonMs };
    await post('/customers/acme/grants', gift);
    const clock = { nowMs: () => soonMs + 1, monotonicMs: () => 0 };
    const newId = createIdSource(clock, createSeededRandom(1));
    const actor = { name: 'upkeep', role: 'owner' } as const;
    for (let turn = 0; turn < 2; turn += 1)
      await sweepWallets({ database: database(), clock, newId }, actor, bookExpiry);
    expect(await books()).toEqual({ revenue: 1_250_000_000n, breakage: -1_250_000_000n });
  });

  it('a payment of what is owed is on the account of the customer', async () => {
    await database().db.updateTable('wallet').set({ receivable_nanos: 9n }).execute();
    await post('/customers/acme/wallet/payments', { amountNanos: '4' }, 204);
    expect(await books()).toEqual({ cash_clearing: 4n, 'receivable:acme': -4n });
  });
});

describe('prepaid packs', () => {
  const packs = [
    { name: 'starter', price: '10', credit: '12', validDays: '30' },
    { name: 'flat', price: '20', credit: '20' },
  ];

  async function onPlan(): Promise<void> {
    const plan = await post('/plans', { plan: 'packs', terms: { markupPercent: '20', packs } });
    await post('/customers/acme/subscriptions', { planVersionId: plan['id'] });
  }

  it('are sold once per operation: the credit in the wallet, the price and the difference in the books', async () => {
    await onPlan();
    await post('/customers/acme/wallet', {});
    const beforeMs = systemClock.nowMs();
    const sold = await post('/customers/acme/packs', { pack: 'starter', operationKey: 'payment-1' });
    expect(sold).toMatchObject({ pack: 'starter', priceNanos: `${10n * usd}` });
    const grant = sold['grant'] as { amountNanos: string; expiresAtMs: number };
    expect(grant.amountNanos).toBe(`${12n * usd}`);
    expect(grant.expiresAtMs).toBeGreaterThanOrEqual(beforeMs + 30 * dayMs);
    const again = await post('/customers/acme/packs', { pack: 'starter', operationKey: 'payment-1' });
    expect(again).toEqual(sold);
    await post('/customers/acme/packs', { pack: 'flat', operationKey: 'payment-2' });
    expect(await books()).toEqual({ cash_clearing: 30n * usd, 'prepaid:acme': -32n * usd, revenue: 2n * usd });
    const wallet = await control.call('GET', '/customers/acme/wallet');
    expect(wallet.body['balanceNanos']).toBe(`${32n * usd}`);
  });

  it('are refused by name, without a plan, without a wallet, and under the operation of another sale', async () => {
    await post('/customers/acme/packs', { pack: 'starter', operationKey: 'a' }, 404);
    await onPlan();
    await post('/customers/acme/packs', { pack: 'starter', operationKey: 'a' }, 404);
    await post('/customers/acme/wallet', {});
    const unknown = await post('/customers/acme/packs', { pack: 'giant', operationKey: 'a' }, 400);
    expect(JSON.stringify(unknown)).toContain('must be one of starter, flat');
    await post('/customers/acme/packs', { pack: 'starter', operationKey: 'a' });
    await post('/customers/acme/packs', { pack: 'flat', operationKey: 'a' }, 409);
    expect(await books()).toEqual({ cash_clearing: 10n * usd, 'prepaid:acme': -12n * usd, revenue: 2n * usd });
  });
});
