import { type Selectable, sql } from 'kysely';
import { Fault } from '../../domain/faults/fault.ts';
import type { Tables } from '../../storage/index.ts';
import { type Actor, type Change, changeControl, type ControlStore, missing, taken } from './control-store.ts';
import { invalid, lockCustomer } from './customers.ts';

/** A customer's prepaid balance. */
export interface Wallet {
  readonly customer: string;
  /** What can still be spent from grants. */
  readonly balanceNanos: bigint;
  /** Owed beyond the balance. */
  readonly receivableNanos: bigint;
  /** 0: requests are refused at an empty wallet. */
  readonly receivableLimitNanos: bigint;
  /** Below this balance the payment port is asked for more. */
  readonly topUpBelowNanos: bigint | undefined;
  readonly topUpNanos: bigint | undefined;
}

/** An amount put into a wallet. */
export interface WalletGrant {
  readonly id: string;
  readonly customer: string;
  readonly kind: 'prepaid' | 'promo';
  readonly amountNanos: bigint;
  readonly remainingNanos: bigint;
  readonly priority: number;
  readonly effectiveAtMs: number;
  readonly expiresAtMs: number | undefined;
  /** When its rest was written off. */
  readonly expiredAtMs: number | undefined;
  readonly createdAtMs: number;
}

/** What a new grant needs; the operation key makes sending it twice harmless. */
export interface GrantWanted {
  readonly customer: string;
  readonly kind: WalletGrant['kind'];
  readonly amountNanos: bigint;
  readonly operationKey: string;
  readonly priority?: number | undefined;
  readonly effectiveAtMs?: number | undefined;
  readonly expiresAtMs?: number | undefined;
}

/** What was written off with a grant, for the ledger: its breakage. */
export interface ExpiredGrant {
  readonly grant: WalletGrant;
  readonly amountNanos: bigint;
}

/** Books what was written off, in the transaction that does it. */
export type BookExpired = (trx: Change['trx'], expired: ExpiredGrant) => Promise<void>;

/** Opens a wallet: from now on the customer spends what it holds, and no more than it may owe. */
export async function openWallet(
  store: ControlStore,
  actor: Actor,
  wanted: {
    readonly customer: string;
    readonly receivableLimitNanos?: bigint | undefined;
    readonly topUpBelowNanos?: bigint | undefined;
    readonly topUpNanos?: bigint | undefined;
  },
): Promise<Wallet> {
  const receivableLimitNanos = wanted.receivableLimitNanos ?? 0n;
  if (receivableLimitNanos < 0n) throw invalid('receivableLimitNanos', 'must not be negative');
  return changeControl(store, actor, async (change) => {
    const { trx, nowMs, record } = change;
    await lockCustomer(change, wanted.customer);
    const row = await trx
      .insertInto('wallet')
      .values({
        customer_id: wanted.customer,
        receivable_limit_nanos: receivableLimitNanos,
        receivable_nanos: 0n,
        top_up_below_nanos: wanted.topUpBelowNanos ?? null,
        top_up_nanos: wanted.topUpNanos ?? null,
        created_at_ms: nowMs,
        updated_at_ms: nowMs,
      })
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) throw taken('wallet', wanted.customer);
    await trx
      .insertInto('budget')
      .values({
        id: walletBudgetId(wanted.customer),
        scope: 'wallet',
        name: wanted.customer,
        customer_id: wanted.customer,
        period: 'lifetime',
        limit_nanos: receivableLimitNanos,
        is_hard: true,
        time_zone: null,
        counted_from_ms: nowMs,
        source: 'api',
        status: 'active',
        created_at_ms: nowMs,
        updated_at_ms: nowMs,
      })
      .execute();
    const wallet = toWallet(row, 0n);
    await record({ action: 'wallet.open', subjectId: wallet.customer, customerId: wallet.customer, after: wallet });
    return wallet;
  });
}

/** Puts an amount in. The same operation key puts it in once; with other figures it is a conflict. */
export async function grantToWallet(
  store: ControlStore,
  actor: Actor,
  wanted: GrantWanted,
): Promise<{ readonly grant: WalletGrant; readonly isNew: boolean }> {
  if (wanted.amountNanos <= 0n) throw invalid('amountNanos', 'must be more than 0');
  return changeControl(store, actor, async (change) => {
    const { trx, nowMs, record } = change;
    await lockWallet(change, wanted.customer);
    const effectiveAtMs = wanted.effectiveAtMs === undefined ? nowMs : BigInt(wanted.effectiveAtMs);
    if (wanted.expiresAtMs !== undefined && BigInt(wanted.expiresAtMs) <= effectiveAtMs) {
      throw invalid('expiresAtMs', 'must be after the grant takes effect');
    }
    const isCounted = effectiveAtMs <= nowMs;
    const row = await trx
      .insertInto('wallet_grant')
      .values({
        id: store.newId('grant'),
        customer_id: wanted.customer,
        kind: wanted.kind,
        amount_nanos: wanted.amountNanos,
        remaining_nanos: wanted.amountNanos,
        priority: wanted.priority ?? 0,
        effective_at_ms: effectiveAtMs,
        expires_at_ms: wanted.expiresAtMs === undefined ? null : BigInt(wanted.expiresAtMs),
        is_counted: isCounted,
        expired_at_ms: null,
        operation_key: wanted.operationKey,
        created_at_ms: nowMs,
      })
      .onConflict((conflict) => conflict.column('operation_key').doNothing())
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return { grant: await sameGrant(change, wanted), isNew: false };
    if (isCounted) await moveLimit(change, wanted.customer, wanted.amountNanos);
    const grant = toGrant(row);
    await record({ action: 'wallet.grant', subjectId: grant.id, customerId: grant.customer, after: grant });
    return { grant, isNew: true };
  });
}

/** Takes a payment of what is owed: the customer may owe as much again. */
export async function payReceivable(
  store: ControlStore,
  actor: Actor,
  { customer, amountNanos }: { readonly customer: string; readonly amountNanos: bigint },
): Promise<void> {
  await changeControl(store, actor, async (change) => {
    const wallet = await lockWallet(change, customer);
    if (amountNanos <= 0n || amountNanos > wallet.receivable_nanos) {
      throw invalid('amountNanos', `must be more than 0 and at most the ${wallet.receivable_nanos} that are owed`);
    }
    await change.trx
      .updateTable('wallet')
      .set({ receivable_nanos: wallet.receivable_nanos - amountNanos, updated_at_ms: change.nowMs })
      .where('customer_id', '=', customer)
      .execute();
    await moveLimit(change, customer, amountNanos);
    await change.record({ action: 'wallet.pay', subjectId: customer, customerId: customer, after: { amountNanos } });
  });
}

/**
 * Lets grants take effect whose time has come and writes off those that are over. The rest stays known: a late fact of
 * an exchange that started before still burns it. Idempotent; run by the leader.
 */
export async function sweepWallets(
  store: ControlStore,
  actor: Actor,
  book: BookExpired = () => Promise.resolve(),
): Promise<readonly ExpiredGrant[]> {
  const nowMs = BigInt(store.clock.nowMs());
  const due = await store.database.db
    .selectFrom('wallet_grant')
    .select('customer_id')
    .distinct()
    .where('expired_at_ms', 'is', null)
    .where((row) =>
      row.or([
        row.and([row('is_counted', '=', false), row('effective_at_ms', '<=', nowMs)]),
        row('expires_at_ms', '<=', nowMs),
      ]),
    )
    .orderBy('customer_id')
    .execute();
  const expired: ExpiredGrant[] = [];
  for (const { customer_id } of due) {
    expired.push(...(await changeControl(store, actor, async (change) => sweepWallet(change, customer_id, book))));
  }
  return expired;
}

/** The wallet of a customer. */
export async function findWallet(store: Pick<ControlStore, 'database'>, customer: string): Promise<Wallet | undefined> {
  const { db } = store.database;
  const row = await db.selectFrom('wallet').selectAll().where('customer_id', '=', customer).executeTakeFirst();
  if (row === undefined) return undefined;
  const { rows } = await sql<{ balance: bigint }>`
    SELECT coalesce(sum(remaining_nanos), 0) AS balance FROM wallet_grant
    WHERE customer_id = ${customer} AND is_counted AND expired_at_ms IS NULL`.execute(db);
  return toWallet(row, rows[0]?.balance ?? 0n);
}

/** Every grant of a customer, the oldest first. */
export async function listGrants(store: Pick<ControlStore, 'database'>, customer: string): Promise<WalletGrant[]> {
  const query = store.database.db.selectFrom('wallet_grant').selectAll().where('customer_id', '=', customer);
  return (await query.orderBy('created_at_ms').orderBy('id').execute()).map(toGrant);
}

async function sweepWallet(change: Change, customer: string, book: BookExpired): Promise<ExpiredGrant[]> {
  const { trx, nowMs, record } = change;
  await lockWallet(change, customer);
  const effective = await trx
    .updateTable('wallet_grant')
    .set({ is_counted: true })
    .where('customer_id', '=', customer)
    .where('is_counted', '=', false)
    .where('expired_at_ms', 'is', null)
    .where('effective_at_ms', '<=', nowMs)
    .returningAll()
    .execute();
  const over = await trx
    .updateTable('wallet_grant')
    .set({ expired_at_ms: nowMs })
    .where('customer_id', '=', customer)
    .where('expired_at_ms', 'is', null)
    .where('expires_at_ms', '<=', nowMs)
    .returningAll()
    .execute();
  const sum = (rows: readonly { remaining_nanos: bigint }[]): bigint =>
    rows.reduce((total, { remaining_nanos }) => total + remaining_nanos, 0n);
  await moveLimit(change, customer, sum(effective) - sum(over));
  const expired = over.map((row) => ({ grant: toGrant(row), amountNanos: row.remaining_nanos }));
  for (const one of expired) {
    const { grant, amountNanos } = one;
    await book(trx, one);
    await record({ action: 'wallet.expire', subjectId: grant.id, customerId: customer, after: { amountNanos } });
  }
  return expired;
}

async function lockWallet({ trx }: Change, customer: string): Promise<Selectable<Tables['wallet']>> {
  const row = await trx
    .selectFrom('wallet')
    .selectAll()
    .where('customer_id', '=', customer)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) throw missing('wallet', customer);
  return row;
}

/** A wallet is a budget whose limit is everything it was ever given: what was spent counts against that. */
async function moveLimit({ trx, nowMs }: Change, customer: string, byNanos: bigint): Promise<void> {
  await sql`UPDATE budget SET limit_nanos = limit_nanos + ${byNanos}::bigint, updated_at_ms = ${nowMs}
    WHERE id = ${walletBudgetId(customer)}`.execute(trx);
}

async function sameGrant({ trx }: Change, wanted: GrantWanted): Promise<WalletGrant> {
  const row = await trx
    .selectFrom('wallet_grant')
    .selectAll()
    .where('operation_key', '=', wanted.operationKey)
    .executeTakeFirstOrThrow();
  const isSame =
    row.customer_id === wanted.customer && row.kind === wanted.kind && row.amount_nanos === wanted.amountNanos;
  if (isSame) return toGrant(row);
  throw new Fault('conflict', {
    param: 'operationKey',
    message: `The operation key "${wanted.operationKey}" has put in another amount.`,
  });
}

function walletBudgetId(customer: string): string {
  return `wallet:${customer}`;
}

function toWallet(row: Selectable<Tables['wallet']>, balanceNanos: bigint): Wallet {
  return {
    customer: row.customer_id,
    balanceNanos,
    receivableNanos: row.receivable_nanos,
    receivableLimitNanos: row.receivable_limit_nanos,
    topUpBelowNanos: row.top_up_below_nanos ?? undefined,
    topUpNanos: row.top_up_nanos ?? undefined,
  };
}

/** A grant as it stands in the database. */
export function toGrant(row: Selectable<Tables['wallet_grant']>): WalletGrant {
  return {
    id: row.id,
    customer: row.customer_id,
    kind: row.kind,
    amountNanos: row.amount_nanos,
    remainingNanos: row.remaining_nanos,
    priority: row.priority,
    effectiveAtMs: Number(row.effective_at_ms),
    expiresAtMs: row.expires_at_ms === null ? undefined : Number(row.expires_at_ms),
    expiredAtMs: row.expired_at_ms === null ? undefined : Number(row.expired_at_ms),
    createdAtMs: Number(row.created_at_ms),
  };
}
