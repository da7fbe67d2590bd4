import type { Selectable } from 'kysely';
import type { Tables } from '../../storage/index.ts';
import { type Actor, changeControl, type ControlStore, missing } from './control-store.ts';
import { invalid, lockCustomer } from './customers.ts';
import { digestOfSecret, mintSecret } from './secrets.ts';

/** What the bearer of an access token may do in the control API. */
export type Role = 'owner' | 'operator' | 'finance' | 'viewer';

/** A credential for the control API. */
export interface AccessToken {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** Set: read-only, and only what is this customer's. */
  readonly customer: string | undefined;
  readonly prefix: string;
  readonly status: 'active' | 'revoked';
  readonly expiresAtMs: number | undefined;
  readonly createdAtMs: number;
}

/** Makes a token; its secret is shown this once. */
export async function createAccessToken(
  store: ControlStore,
  actor: Actor,
  wanted: {
    readonly name: string;
    readonly role: Role;
    readonly customer?: string | undefined;
    readonly expiresAtMs?: number | undefined;
  },
): Promise<{ readonly token: AccessToken; readonly secret: string }> {
  if (wanted.customer !== undefined && wanted.role !== 'viewer') {
    throw invalid('role', "a customer's token is read-only: its role must be viewer");
  }
  return changeControl(store, actor, async (change) => {
    if (wanted.customer !== undefined) await lockCustomer(change, wanted.customer);
    const { secret, digest, prefix } = mintSecret('sy-token-');
    const row = await change.trx
      .insertInto('access_token')
      .values({
        id: store.newId('token'),
        name: wanted.name,
        role: wanted.role,
        customer_id: wanted.customer ?? null,
        digest,
        prefix,
        status: 'active',
        expires_at_ms: wanted.expiresAtMs === undefined ? null : BigInt(wanted.expiresAtMs),
        created_at_ms: change.nowMs,
        revoked_at_ms: null,
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    const token = toAccessToken(row);
    await change.record({
      action: 'access-token.create',
      subjectId: token.id,
      customerId: token.customer,
      after: token,
    });
    return { token, secret };
  });
}

/** Ends a token for good. */
export async function revokeAccessToken(store: ControlStore, actor: Actor, id: string): Promise<AccessToken> {
  return changeControl(store, actor, async ({ trx, nowMs, record }) => {
    const row = await trx
      .updateTable('access_token')
      .set({ status: 'revoked', revoked_at_ms: nowMs })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) throw missing('access token', id);
    const token = toAccessToken(row);
    await record({ action: 'access-token.revoke', subjectId: id, customerId: token.customer });
    return token;
  });
}

/** The token of a secret, if it may be used now. */
export async function findAccessToken(
  { database, clock }: Pick<ControlStore, 'database' | 'clock'>,
  secret: string,
): Promise<AccessToken | undefined> {
  const row = await database.db
    .selectFrom('access_token')
    .selectAll()
    .where('digest', '=', digestOfSecret(secret))
    .where('status', '=', 'active')
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const token = toAccessToken(row);
  return token.expiresAtMs !== undefined && token.expiresAtMs <= clock.nowMs() ? undefined : token;
}

/** Lists tokens, the oldest first. */
export async function listAccessTokens(store: Pick<ControlStore, 'database'>): Promise<AccessToken[]> {
  const rows = await store.database.db.selectFrom('access_token').selectAll().orderBy('id').limit(1_000).execute();
  return rows.map(toAccessToken);
}

function toAccessToken(row: Selectable<Tables['access_token']>): AccessToken {
  return {
    id: row.id,
    name: row.name,
    role: row.role,
    customer: row.customer_id ?? undefined,
    prefix: row.prefix,
    status: row.status,
    expiresAtMs: row.expires_at_ms === null ? undefined : Number(row.expires_at_ms),
    createdAtMs: Number(row.created_at_ms),
  };
}
