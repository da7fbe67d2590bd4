import { createPublicKey, randomBytes } from 'node:crypto';
import type { Selectable } from 'kysely';
import type { Tables } from '../../storage/index.ts';
import { type Actor, changeControl, type ControlStore, missing } from './control-store.ts';
import { invalid } from './customers.ts';
import type { Sealer } from './sealer.ts';

/** What verifies the tokens that a customer's backend signs. */
export interface TokenSigner {
  /** `kid` in the tokens' header. */
  readonly id: string;
  readonly customer: string;
  /** The tokens act as this key, with less. */
  readonly key: string;
  readonly algorithm: 'HS256' | 'EdDSA';
  readonly status: 'active' | 'revoked';
  readonly createdAtMs: number;
}

/** A signer; the secret of HS256 is shown this once, in base64url. */
export interface MintedSigner {
  readonly signer: TokenSigner;
  readonly secret: string | undefined;
}

const secretBytes = 32;

/** Lets a customer's backend sign tokens: with a secret made here, or with its own Ed25519 key, given as public JWK. */
export async function createTokenSigner(
  store: ControlStore & { readonly sealer: Sealer },
  actor: Actor,
  wanted: { readonly key: string; readonly publicJwk?: Readonly<Record<string, string>> | undefined },
): Promise<MintedSigner> {
  const { key, publicJwk } = wanted;
  const jwk = publicJwk === undefined ? undefined : checkJwk(publicJwk);
  return changeControl(store, actor, async ({ trx, nowMs, record }) => {
    const owner = await trx
      .selectFrom('api_key')
      .select('customer_id')
      .where('name', '=', key)
      .where('status', '=', 'active')
      .executeTakeFirst();
    if (owner === undefined) throw invalid('key', `there is no key "${key}"`);
    const id = store.newId('signer');
    const secret = jwk === undefined ? randomBytes(secretBytes).toString('base64url') : undefined;
    const row = await trx
      .insertInto('token_signer')
      .values({
        id,
        customer_id: owner.customer_id,
        key_name: key,
        algorithm: secret === undefined ? 'EdDSA' : 'HS256',
        sealed_secret: secret === undefined ? null : store.sealer.seal(secret, signerPurpose(id)),
        public_jwk: jwk === undefined ? null : JSON.stringify(jwk),
        status: 'active',
        created_at_ms: nowMs,
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    const signer = toSigner(row);
    await record({ action: 'token-signer.create', subjectId: id, customerId: signer.customer, after: signer });
    return { signer, secret };
  });
}

/** Refuses every token of a signer from now on. */
export async function revokeTokenSigner(store: ControlStore, actor: Actor, id: string): Promise<TokenSigner> {
  return changeControl(store, actor, async ({ trx, record }) => {
    const row = await trx
      .updateTable('token_signer')
      .set({ status: 'revoked' })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) throw missing('token signer', id);
    const signer = toSigner(row);
    await record({ action: 'token-signer.revoke', subjectId: id, customerId: signer.customer });
    return signer;
  });
}

/** Refuses one token from now on; it is remembered until it would have expired. */
export async function revokeToken(
  store: ControlStore,
  actor: Actor,
  token: { readonly signer: string; readonly id: string; readonly expiresAtMs: number },
): Promise<void> {
  await changeControl(store, actor, async ({ trx, nowMs, record }) => {
    const signer = await trx
      .selectFrom('token_signer')
      .select('customer_id')
      .where('id', '=', token.signer)
      .executeTakeFirst();
    if (signer === undefined) throw missing('token signer', token.signer);
    await trx.deleteFrom('revoked_token').where('expires_at_ms', '<', nowMs).execute();
    await trx
      .insertInto('revoked_token')
      .values({
        signer_id: token.signer,
        id: token.id,
        expires_at_ms: BigInt(token.expiresAtMs),
        revoked_at_ms: nowMs,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    await record({ action: 'token.revoke', subjectId: token.id, customerId: signer.customer_id });
  });
}

/** Lists the signers of a customer. */
export async function listTokenSigners(
  store: Pick<ControlStore, 'database'>,
  customer: string,
): Promise<TokenSigner[]> {
  const query = store.database.db.selectFrom('token_signer').selectAll().where('customer_id', '=', customer);
  return (await query.orderBy('id').execute()).map(toSigner);
}

/** What a sealed signer's secret is for. */
export function signerPurpose(id: string): string {
  return `token-signer\n${id}`;
}

function checkJwk(jwk: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const { kty, crv, x } = jwk;
  if (kty !== 'OKP' || crv !== 'Ed25519' || x === undefined) {
    throw invalid('publicJwk', 'must be an Ed25519 public key: kty OKP, crv Ed25519, x');
  }
  try {
    createPublicKey({ key: { kty, crv, x }, format: 'jwk' });
  } catch {
    // The reason is in the key's bytes, which the caller has.
    throw invalid('publicJwk', 'is not a valid Ed25519 public key');
  }
  // A private part, should there be one, is not kept.
  return { kty, crv, x };
}

function toSigner(row: Selectable<Tables['token_signer']>): TokenSigner {
  return {
    id: row.id,
    customer: row.customer_id,
    key: row.key_name,
    algorithm: row.algorithm,
    status: row.status,
    createdAtMs: Number(row.created_at_ms),
  };
}
