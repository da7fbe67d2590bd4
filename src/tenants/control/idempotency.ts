import { hash } from 'node:crypto';
import { Fault } from '../../domain/fault.ts';
import type { ControlStore } from './control-store.ts';

/** The answer that a change was given. */
export interface IdempotentAnswer {
  readonly status: number;
  readonly response: unknown;
}

/** Who sends which change under which key. */
export interface IdempotentRequest {
  readonly actor: string;
  readonly key: string;
  /** Method, path and body: the same key with another one is a mistake. */
  readonly request: string;
}

const keptMs = 86_400_000n;
/** A request that never finished blocks its key no longer than this. */
const abandonedMs = 60_000n;

/**
 * Claims a key, or gives the answer that was given before. Throws a conflict when the key was used for another request
 * or its first request still runs.
 */
export async function startIdempotent(
  { database, clock }: Pick<ControlStore, 'database' | 'clock'>,
  { actor, key, request }: IdempotentRequest,
): Promise<IdempotentAnswer | undefined> {
  const nowMs = BigInt(clock.nowMs());
  const requestHash = hash('sha256', request, 'hex');
  await database.db
    .deleteFrom('idempotency_key')
    .where((row) =>
      row.or([
        row('expires_at_ms', '<=', nowMs),
        row.and([row('status', 'is', null), row('created_at_ms', '<=', nowMs - abandonedMs)]),
      ]),
    )
    .execute();
  const claimed = await database.db
    .insertInto('idempotency_key')
    .values({
      actor,
      key,
      request_hash: requestHash,
      status: null,
      response: null,
      created_at_ms: nowMs,
      expires_at_ms: nowMs + keptMs,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('key')
    .executeTakeFirst();
  if (claimed !== undefined) return undefined;
  const known = await database.db
    .selectFrom('idempotency_key')
    .selectAll()
    .where('actor', '=', actor)
    .where('key', '=', key)
    .executeTakeFirst();
  if (known?.request_hash !== requestHash) {
    throw new Fault('conflict', { message: `The idempotency key "${key}" was used for another request.` });
  }
  if (known.status === null) {
    throw new Fault('conflict', { message: `The first request with the idempotency key "${key}" is still running.` });
  }
  return { status: known.status, response: known.response };
}

/** Keeps the answer for repetitions; without one, frees the key: the change did not happen. */
export async function finishIdempotent(
  { database }: Pick<ControlStore, 'database'>,
  { actor, key }: Pick<IdempotentRequest, 'actor' | 'key'>,
  answer: IdempotentAnswer | undefined,
): Promise<void> {
  const { db } = database;
  if (answer === undefined) {
    await db.deleteFrom('idempotency_key').where('actor', '=', actor).where('key', '=', key).execute();
    return;
  }
  await db
    .updateTable('idempotency_key')
    .set({ status: answer.status, response: JSON.stringify(answer.response ?? null) })
    .where('actor', '=', actor)
    .where('key', '=', key)
    .execute();
}
