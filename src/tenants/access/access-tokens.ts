import { hash, randomBytes } from 'node:crypto';
import { Fault } from '../../domain/faults/fault.ts';
import type { Database } from '../../storage/index.ts';

/** What the holder of an access token may do. */
export type AccessRole = 'owner' | 'operator' | 'finance' | 'viewer';

/** A credential for the control API; the secret itself is not kept. */
export interface AccessToken {
  readonly id: string;
  readonly name: string;
  readonly role: AccessRole;
  /** Set for a viewer of one customer. */
  readonly customerId: string | null;
  /** The first characters, to tell tokens apart. */
  readonly prefix: string;
  readonly status: 'active' | 'revoked';
  readonly expiresAtMs: number | null;
  readonly createdAtMs: number;
  readonly revokedAtMs: number | null;
}

/** A token about to be made. */
export interface NewAccessToken {
  readonly id: string;
  readonly name: string;
  readonly role: AccessRole;
  readonly customerId?: string | undefined;
  readonly expiresAtMs?: number | undefined;
  readonly atMs: number;
}

const prefixLength = 10;

/** Makes a token and gives its secret, which is shown this once. Throws `not_found` for an unknown customer. */
export async function createAccessToken(
  { db }: Database,
  made: NewAccessToken,
): Promise<{ readonly token: AccessToken; readonly secret: string }> {
  const { customerId = null } = made;
  if (customerId !== null && made.role !== 'viewer') {
    throw new Fault('invalid_request', { message: 'customer is only for the role viewer.', param: 'customer' });
  }
  if (customerId !== null) {
    const customer = await db.selectFrom('customer').select('id').where('id', '=', customerId).executeTakeFirst();
    if (!customer) throw new Fault('not_found', { message: `There is no customer ${customerId}.`, param: 'customer' });
  }
  const secret = `swa_${randomBytes(24).toString('base64url')}`;
  const row = await db
    .insertInto('access_token')
    .values({
      id: made.id,
      name: made.name,
      role: made.role,
      customer_id: customerId,
      digest: digestOf(secret),
      prefix: secret.slice(0, prefixLength),
      status: 'active',
      expires_at_ms: made.expiresAtMs === undefined ? null : BigInt(made.expiresAtMs),
      created_at_ms: BigInt(made.atMs),
      revoked_at_ms: null,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return { token: toToken(row), secret };
}

/** Finds a token that may still be used by its secret. */
export async function findAccessToken(
  { db }: Database,
  { secret, atMs }: { readonly secret: string; readonly atMs: number },
): Promise<AccessToken | undefined> {
  const row = await db
    .selectFrom('access_token')
    .selectAll()
    .where('digest', '=', digestOf(secret))
    .where('status', '=', 'active')
    .executeTakeFirst();
  if (!row || (row.expires_at_ms !== null && row.expires_at_ms <= BigInt(atMs))) return undefined;
  return toToken(row);
}

/** Lists tokens in the order of their ids; one more than the limit tells that there are further ones. */
export async function listAccessTokens(
  { db }: Database,
  { limit, afterId = '' }: { readonly limit: number; readonly afterId?: string | undefined },
): Promise<AccessToken[]> {
  const rows = await db
    .selectFrom('access_token')
    .selectAll()
    .where('id', '>', afterId)
    .orderBy('id')
    .limit(limit + 1)
    .execute();
  return rows.map(toToken);
}

/** Ends a token at once; again is no change. Throws `not_found` for an unknown one. */
export async function revokeAccessToken(
  { db }: Database,
  { id, atMs }: { readonly id: string; readonly atMs: number },
): Promise<AccessToken> {
  await db
    .updateTable('access_token')
    .set({ status: 'revoked', revoked_at_ms: BigInt(atMs) })
    .where('id', '=', id)
    .where('status', '=', 'active')
    .execute();
  const row = await db.selectFrom('access_token').selectAll().where('id', '=', id).executeTakeFirst();
  if (!row) throw new Fault('not_found', { message: `There is no access token ${id}.` });
  return toToken(row);
}

interface AccessTokenRow {
  readonly id: string;
  readonly name: string;
  readonly role: AccessRole;
  readonly customer_id: string | null;
  readonly prefix: string;
  readonly status: 'active' | 'revoked';
  readonly expires_at_ms: bigint | null;
  readonly created_at_ms: bigint;
  readonly revoked_at_ms: bigint | null;
}

function toToken(row: AccessTokenRow): AccessToken {
  return {
    id: row.id,
    name: row.name,
    role: row.role,
    customerId: row.customer_id,
    prefix: row.prefix,
    status: row.status,
    expiresAtMs: row.expires_at_ms === null ? null : Number(row.expires_at_ms),
    createdAtMs: Number(row.created_at_ms),
    revokedAtMs: row.revoked_at_ms === null ? null : Number(row.revoked_at_ms),
  };
}

function digestOf(secret: string): string {
  return hash('sha256', secret, 'hex');
}
