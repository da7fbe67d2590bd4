import { createHash } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
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

/** What is known of earlier deliveries of a message. */
export interface EarlierDeliveries {
  /** One was begun, and nobody knows what became of it. */
  readonly mayHaveArrived: boolean;
}

/** What came of a delivery. `unreached`: it surely did not arrive, and is tried again later. */
export type Delivery =
  | { readonly state: 'sent' }
  | { readonly state: 'refused' | 'unreached'; readonly reason: string };

/** Another system. Throws when it is not known whether the message arrived; it is then tried again later. */
export interface Sink {
  readonly name: string;
  /** Meter events of this age are taken no more: they become amounts instead. Absent: any age is taken. */
  readonly lateAfterMs?: number;
  /** Messages of one lane go one after the other. Absent: any two may go side by side. */
  laneOf?(message: OutboxMessage): string;
  deliver(message: OutboxMessage, earlier: EarlierDeliveries): Promise<Delivery>;
}

/** What one round of deliveries did. */
export interface DeliveryRound {
  readonly sent: number;
  readonly superseded: number;
  readonly refused: number;
  readonly retried: number;
}

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
