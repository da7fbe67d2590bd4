import { sql, type Transaction } from 'kysely';
import type { Tables } from '../../storage/index.ts';
import { burn, type BurnableGrant, unburn } from './burn-order.ts';
import type { ChargeFunding, FundingPart, ProjectedCharge } from './contract.ts';

interface OpenWallet {
  readonly grants: readonly (BurnableGrant & { readonly beforeNanos: bigint })[];
  receivableNanos: bigint;
  readonly receivableBeforeNanos: bigint;
  /** Came back from grants that were written off: the wallet's limit grows by it. */
  revivedNanos: bigint;
}

/** Burns the wallets of the customers that have one, charge by charge in the order given. */
export async function fundFromWallets(
  trx: Transaction<Tables>,
  rows: readonly ProjectedCharge[],
): Promise<ChargeFunding[]> {
  const customers = [...new Set(rows.map(({ spender }) => spender.customer))].sort();
  const wallets = await openWallets(trx, customers);
  if (wallets.size === 0) return [];
  const fundings: ChargeFunding[] = [];
  for (const { exchangeId, spender, chargeNanos, startedAtMs } of rows) {
    const wallet = wallets.get(spender.customer);
    if (wallet === undefined || chargeNanos === 0n) continue;
    const parts = pay(wallet, chargeNanos, startedAtMs);
    fundings.push({ exchangeId, customer: spender.customer, parts });
  }
  await writeWallets(trx, wallets);
  return fundings;
}

function pay(wallet: OpenWallet, chargeNanos: bigint, startedAtMs: number): readonly FundingPart[] {
  const isRefund = chargeNanos < 0n;
  const parts = isRefund
    ? unburn(wallet.grants, -chargeNanos, wallet.receivableNanos)
    : burn(wallet.grants, chargeNanos, startedAtMs);
  const sign = isRefund ? -1n : 1n;
  for (const part of parts) {
    if (part.kind === 'receivable') wallet.receivableNanos += sign * part.amountNanos;
    if (part.fromBreakage === true) wallet.revivedNanos += sign * part.amountNanos;
  }
  return isRefund ? parts.map((part) => ({ ...part, amountNanos: -part.amountNanos })) : parts;
}

async function openWallets(trx: Transaction<Tables>, customers: readonly string[]): Promise<Map<string, OpenWallet>> {
  const wallets = await trx
    .selectFrom('wallet')
    .select(['customer_id', 'receivable_nanos'])
    .where('customer_id', 'in', customers)
    .orderBy('customer_id')
    .forUpdate()
    .execute();
  if (wallets.length === 0) return new Map();
  const grants = await trx
    .selectFrom('wallet_grant')
    .selectAll()
    .where(
      'customer_id',
      'in',
      wallets.map(({ customer_id }) => customer_id),
    )
    .orderBy('id')
    .execute();
  return new Map(
    wallets.map(({ customer_id, receivable_nanos }) => [
      customer_id,
      {
        grants: grants.filter((grant) => grant.customer_id === customer_id).map(toBurnable),
        receivableNanos: receivable_nanos,
        receivableBeforeNanos: receivable_nanos,
        revivedNanos: 0n,
      },
    ]),
  );
}

async function writeWallets(trx: Transaction<Tables>, wallets: ReadonlyMap<string, OpenWallet>): Promise<void> {
  for (const [customerId, wallet] of wallets) {
    const changed = wallet.grants.filter((grant) => grant.remainingNanos !== grant.beforeNanos);
    if (changed.length > 0) {
      await sql`
        UPDATE wallet_grant SET remaining_nanos = burnt.remaining_nanos
        FROM unnest(${changed.map(({ id }) => id)}::text[],
          ${changed.map(({ remainingNanos }) => String(remainingNanos))}::bigint[]) AS burnt (id, remaining_nanos)
        WHERE wallet_grant.id = burnt.id`.execute(trx);
    }
    if (wallet.receivableNanos !== wallet.receivableBeforeNanos) {
      await trx
        .updateTable('wallet')
        .set({ receivable_nanos: wallet.receivableNanos })
        .where('customer_id', '=', customerId)
        .execute();
    }
    if (wallet.revivedNanos !== 0n) {
      await sql`UPDATE budget SET limit_nanos = limit_nanos + ${wallet.revivedNanos}::bigint
        WHERE scope = 'wallet' AND name = ${customerId}`.execute(trx);
    }
  }
}

/** A row of `wallet_grant` as burning sees it. */
function toBurnable(row: Tables['wallet_grant']): BurnableGrant & { readonly beforeNanos: bigint } {
  return {
    id: row.id,
    kind: row.kind,
    amountNanos: row.amount_nanos,
    remainingNanos: row.remaining_nanos,
    beforeNanos: row.remaining_nanos,
    priority: row.priority,
    effectiveAtMs: Number(row.effective_at_ms),
    expiresAtMs: row.expires_at_ms === null ? undefined : Number(row.expires_at_ms),
    createdAtMs: Number(row.created_at_ms),
    isExpired: row.expired_at_ms !== null,
  };
}
