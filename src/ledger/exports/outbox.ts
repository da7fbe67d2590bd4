import { createHash } from 'node:crypto';
import { type Kysely, sql, type Updateable } from 'kysely';
import type { Clock } from '../../platform/clock.ts';
import type { Database, Tables } from '../../storage/index.ts';
import { canonicalJson } from '../invoices/canonical-json.ts';
import { LedgerError } from '../ledger-error.ts';

/** A message to another system. The id is made from what it is about, so telling it again is no second message. */
export interface OutboxMessage {
  readonly sink: string;
  readonly eventId: string;
  readonly kind: string;
  /** When what it tells happened. */
  readonly occurredAtMs: number;
  readonly payload: { readonly [name: string]: unknown };
}

/** What came of a delivery. `superseded`: the sink takes it no more as it is; another message goes instead. */
export type Delivery =
  | { readonly state: 'sent' }
  | { readonly state: 'superseded'; readonly instead: OutboxMessage }
  | { readonly state: 'refused'; readonly reason: string };

/** Another system. Throws when it cannot be reached; the message is then tried again later. */
export interface Sink {
  readonly name: string;
  deliver(message: OutboxMessage): Promise<Delivery>;
}

/** What one round of deliveries did. */
export interface DeliveryRound {
  readonly sent: number;
  readonly superseded: number;
  readonly refused: number;
  readonly retried: number;
}

const firstRetryMs = 1_000;
const longestRetryMs = 15 * 60_000;
const messagesPerRound = 200;
const rememberedMs = 35 * 24 * 3_600_000;

/** Puts many messages out at once, in the transaction of what they tell; those that are known already are left out. */
export async function enqueueAll(executor: Kysely<Tables>, messages: readonly OutboxMessage[]): Promise<void> {
  if (messages.length === 0) return;
  const rows = messages.map((message) => {
    const { payload, digest } = sealed(message);
    const { sink, eventId, kind, occurredAtMs } = message;
    return { sink, event_id: eventId, kind, payload, digest, occurred_at_ms: Math.trunc(occurredAtMs) };
  });
  await sql`
    INSERT INTO outbox (sink, event_id, kind, payload, digest, occurred_at_ms, state, attempts, next_at_ms)
    SELECT sink, event_id, kind, payload::jsonb, digest, occurred_at_ms, 'pending', 0, 0
    FROM json_to_recordset(${JSON.stringify(rows)}::json)
      AS row(sink text, event_id text, kind text, payload text, digest text, occurred_at_ms bigint)
    ORDER BY sink, event_id
    ON CONFLICT DO NOTHING`.execute(executor);
}

/** Forgets what was delivered so long ago that no receiver would know a repetition any more. */
export async function dropDelivered({ db }: Pick<Database, 'db'>, nowMs: number): Promise<void> {
  await db
    .deleteFrom('outbox')
    .where('state', 'in', ['sent', 'superseded'])
    .where('sent_at_ms', '<', BigInt(nowMs - rememberedMs))
    .execute();
}

/** Puts a message out, in the transaction of what it tells. Another content under the same id is a conflict. */
export async function enqueue(executor: Kysely<Tables>, message: OutboxMessage): Promise<boolean> {
  const { payload, digest } = sealed(message);
  const inserted = await executor
    .insertInto('outbox')
    .values({
      sink: message.sink,
      event_id: message.eventId,
      kind: message.kind,
      payload,
      digest,
      occurred_at_ms: BigInt(message.occurredAtMs),
      state: 'pending',
      attempts: 0,
      next_at_ms: 0n,
      last_error: null,
      sent_at_ms: null,
    })
    .onConflict((conflict) => conflict.columns(['sink', 'event_id']).doNothing())
    .returning('event_id')
    .executeTakeFirst();
  if (inserted) return true;
  const known = await executor
    .selectFrom('outbox')
    .select('digest')
    .where('sink', '=', message.sink)
    .where('event_id', '=', message.eventId)
    .executeTakeFirst();
  if (known?.digest !== digest) {
    throw new LedgerError('conflict', `${message.sink} has another message under the id ${message.eventId}`);
  }
  return false;
}

function sealed({ kind, payload }: OutboxMessage): { payload: string; digest: string } {
  const text = canonicalJson(payload);
  return { payload: text, digest: createHash('sha256').update(`${kind}\n${text}`).digest('hex') };
}

/** Delivers what is due, at least once and always under the same id. */
export class Outbox {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor({ database, clock }: { readonly database: Database; readonly clock: Clock }) {
    this.#database = database;
    this.#clock = clock;
  }

  /** Delivers due messages of a sink until the signal; another process that does the same takes other messages. */
  async deliver(sink: Sink, signal?: AbortSignal): Promise<DeliveryRound> {
    const counts = { sent: 0, superseded: 0, refused: 0, retried: 0 };
    for (let turn = 0; turn < messagesPerRound && signal?.aborted !== true; turn++) {
      const outcome = await this.#deliverNext(sink);
      if (outcome === undefined) break;
      counts[outcome] += 1;
      // A sink that is down is not asked again for every message that waits.
      if (outcome === 'retried') break;
    }
    return counts;
  }

  /** Messages by state, for operators. */
  async states(sink: string): Promise<{ readonly [state: string]: bigint }> {
    const { rows } = await sql<{ state: string; count: bigint }>`
      SELECT state, count(*) AS count FROM outbox WHERE sink = ${sink} GROUP BY state`.execute(this.#database.db);
    return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
  }

  async #deliverNext(sink: Sink): Promise<keyof DeliveryRound | undefined> {
    return this.#database.db.transaction().execute(async (trx) => {
      const nowMs = this.#clock.nowMs();
      const row = await trx
        .selectFrom('outbox')
        .selectAll()
        .where('sink', '=', sink.name)
        .where('state', '=', 'pending')
        .where('next_at_ms', '<=', BigInt(nowMs))
        .orderBy('occurred_at_ms')
        .orderBy('event_id')
        .limit(1)
        .forUpdate()
        .skipLocked()
        .executeTakeFirst();
      if (!row) return undefined;
      const message = {
        sink: row.sink,
        eventId: row.event_id,
        kind: row.kind,
        occurredAtMs: Number(row.occurred_at_ms),
        payload: row.payload as OutboxMessage['payload'],
      };
      const attempts = row.attempts + 1;
      const set = (values: Updateable<Tables['outbox']>) =>
        trx
          .updateTable('outbox')
          .set({ attempts, ...values })
          .where('sink', '=', row.sink)
          .where('event_id', '=', row.event_id)
          .execute();
      try {
        const delivery = await sink.deliver(message);
        if (delivery.state === 'refused') {
          await set({ state: 'failed', last_error: delivery.reason });
          return 'refused';
        }
        if (delivery.state === 'superseded') await enqueue(trx, delivery.instead);
        await set({ state: delivery.state, sent_at_ms: BigInt(nowMs), last_error: null });
        return delivery.state;
      } catch (error) {
        const waitMs = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(row.attempts, 20));
        await set({
          next_at_ms: BigInt(nowMs + waitMs),
          last_error: error instanceof Error ? error.message : String(error),
        });
        return 'retried';
      }
    });
  }
}
