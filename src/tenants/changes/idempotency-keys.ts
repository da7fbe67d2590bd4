import { sql } from 'kysely';
import { Fault } from '../../domain/faults/fault.ts';
import type { Database } from '../../storage/index.ts';

/** A change that may arrive more than once. */
export interface ChangeClaim {
  readonly actor: string;
  readonly idempotencyKey: string;
  /** Digest of route and payload: the same key with another one is a conflict. */
  readonly payloadHash: string;
  readonly atMs: number;
}

/** An answer as it was given. */
export interface KeptAnswer {
  readonly status: number;
  /** JSON text. */
  readonly body: string;
}

const keptMs = 48 * 3_600_000;
const sweptAtOnce = 100;

/**
 * Claims a key inside the transaction of its change, or gives the answer of the first time. A second request with the
 * same key waits here until the first has committed. Throws a `conflict` for another payload.
 */
export async function claimIdempotencyKey({ db }: Database, claim: ChangeClaim): Promise<KeptAnswer | undefined> {
  const { actor, idempotencyKey: key, payloadHash, atMs } = claim;
  await sql`DELETE FROM idempotency_key WHERE (actor, key) IN (
    SELECT actor, key FROM idempotency_key WHERE expires_at_ms < ${BigInt(atMs)}
    ORDER BY expires_at_ms LIMIT ${sweptAtOnce} FOR UPDATE SKIP LOCKED)`.execute(db);
  const inserted = await db
    .insertInto('idempotency_key')
    .values({
      actor,
      key,
      request_hash: payloadHash,
      status: null,
      response: null,
      created_at_ms: BigInt(atMs),
      expires_at_ms: BigInt(atMs + keptMs),
    })
    .onConflict((conflict) => conflict.columns(['actor', 'key']).doNothing())
    .returning('key')
    .executeTakeFirst();
  if (inserted !== undefined) return undefined;
  const known = await db
    .selectFrom('idempotency_key')
    .select(['request_hash', 'status', 'response'])
    .where('actor', '=', actor)
    .where('key', '=', key)
    .executeTakeFirstOrThrow();
  if (known.request_hash !== payloadHash) {
    const message =
      'This idempotency key was used for another change; take a new key, or send the first payload again.';
    throw new Fault('conflict', { message, param: 'Idempotency-Key' });
  }
  return { status: known.status ?? 200, body: JSON.stringify(known.response) };
}

/** Keeps the answer of a claimed change, to be given again for two days. */
export async function keepAnswer({ db }: Database, claim: ChangeClaim, answer: KeptAnswer): Promise<void> {
  await db
    .updateTable('idempotency_key')
    .set({ status: answer.status, response: answer.body === '' ? 'null' : answer.body })
    .where('actor', '=', claim.actor)
    .where('key', '=', claim.idempotencyKey)
    .execute();
}
