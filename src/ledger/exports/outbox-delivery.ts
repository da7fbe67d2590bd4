import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../storage/index.ts';
import { type CombinedUse, combineLateUse } from './late-use.ts';
import type { DeliveryRound, OutboxMessage, Sink } from './outbox.ts';

const firstRetryMs = 1_000;
const longestRetryMs = 15 * 60_000;
/** Deliveries side by side: a receiver far away answers after a tenth of a second, and a backlog is to drain. */
const laneCount = 8;
const messagesPerClaim = 256;
/** A round ends after so much, so that a slow receiver does not keep the others from their next one. */
const roundLimitMs = 15_000;
/** No delivery is begun so long after its claim, and none takes longer than the rest of the claim. */
const claimedMs = 60_000;
const beginWithinMs = 30_000;

interface Claimed {
  readonly message: OutboxMessage;
  readonly attempts: number;
  readonly mayHaveArrived: boolean;
}

type Outcome =
  | { readonly kind: 'sent' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'retried'; readonly reason: string; readonly isUnsure: boolean }
  /** Its turn did not come. */
  | { readonly kind: 'untried' };

interface Tried extends Claimed {
  readonly outcome: Outcome;
}

/** Delivers what is due, at least once and always under the same id, several messages side by side. */
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
    const startedMs = this.#clock.monotonicMs();
    // A sink that is down is asked once a round, and not again for every message that waits.
    let isReached = false;
    while (signal?.aborted !== true && this.#clock.monotonicMs() - startedMs < roundLimitMs) {
      const late = await this.#combineLate(sink);
      counts.superseded += late.superseded;
      counts.refused += late.refused;
      const claimed = await this.#claim(sink, isReached ? messagesPerClaim : 1);
      if (claimed.length === 0) break;
      const tried = await this.#deliverAll(sink, claimed, signal);
      await this.#settle(sink, tried);
      for (const { outcome } of tried) if (outcome.kind !== 'untried') counts[outcome.kind] += 1;
      if (counts.retried > 0) break;
      isReached = true;
    }
    return counts;
  }

  /** Messages by state, for operators. */
  async states(sink: string): Promise<{ readonly [state: string]: bigint }> {
    const { rows } = await sql<{ state: string; count: bigint }>`
      SELECT state, count(*) AS count FROM outbox WHERE sink = ${sink} GROUP BY state`.execute(this.#database.db);
    return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
  }

  async #combineLate({ name, lateAfterMs }: Sink): Promise<CombinedUse> {
    if (lateAfterMs === undefined) return { superseded: 0, refused: 0 };
    const nowMs = this.#clock.nowMs();
    return combineLateUse(this.#database, { sink: name, beforeMs: nowMs - lateAfterMs, nowMs });
  }

  /**
   * Takes messages for a while, in a transaction of its own: none is open while answers are awaited. One whose claim
   * lapsed was being delivered when its process ended.
   */
  async #claim(sink: Sink, limit: number): Promise<readonly Claimed[]> {
    const nowMs = this.#clock.nowMs();
    const tooLateMs = sink.lateAfterMs === undefined ? -1 : nowMs - sink.lateAfterMs;
    const { rows } = await sql<{
      event_id: string;
      kind: string;
      occurred_at_ms: bigint;
      payload: OutboxMessage['payload'];
      attempts: number;
      is_unsure: boolean;
    }>`
      UPDATE outbox SET claimed_until_ms = ${nowMs + claimedMs}, is_unsure = is_unsure OR claimed_until_ms > 0
      WHERE (sink, event_id) IN (
        SELECT sink, event_id FROM outbox
        WHERE sink = ${sink.name} AND state = 'pending' AND next_at_ms <= ${nowMs} AND claimed_until_ms <= ${nowMs}
          AND (kind <> 'meter_event' OR occurred_at_ms > ${tooLateMs})
        ORDER BY occurred_at_ms, event_id LIMIT ${limit} FOR UPDATE SKIP LOCKED)
      RETURNING event_id, kind, occurred_at_ms, payload, attempts, is_unsure`.execute(this.#database.db);
    const claimed = rows.map((row) => ({
      message: {
        sink: sink.name,
        eventId: row.event_id,
        kind: row.kind,
        occurredAtMs: Number(row.occurred_at_ms),
        payload: row.payload,
      },
      attempts: row.attempts,
      mayHaveArrived: row.is_unsure,
    }));
    return claimed.toSorted((one, other) => one.message.occurredAtMs - other.message.occurredAtMs);
  }

  async #deliverAll(sink: Sink, claimed: readonly Claimed[], signal: AbortSignal | undefined): Promise<Tried[]> {
    const startedMs = this.#clock.monotonicMs();
    let isDown = false;
    const isOver = (): boolean =>
      isDown || signal?.aborted === true || this.#clock.monotonicMs() - startedMs >= beginWithinMs;
    const work = async (lane: readonly Claimed[]): Promise<Tried[]> => {
      const tried: Tried[] = [];
      for (const one of lane) {
        const outcome: Outcome = isOver() ? { kind: 'untried' } : await deliverOne(sink, one);
        if (outcome.kind === 'retried') isDown = true;
        tried.push({ ...one, outcome });
      }
      return tried;
    };
    return (await Promise.all(lanesOf(sink, claimed).map(work))).flat();
  }

  async #settle(sink: Sink, tried: readonly Tried[]): Promise<void> {
    const nowMs = this.#clock.nowMs();
    const rows = tried.map(({ message, attempts, outcome }) =>
      settledRow(message.eventId, attempts, { outcome, nowMs }),
    );
    await sql`
      UPDATE outbox SET state = told.state, attempts = told.attempts, sent_at_ms = told.sent_at_ms, claimed_until_ms = 0,
        is_unsure = outbox.is_unsure OR told.is_unsure,
        next_at_ms = CASE WHEN told.is_tried THEN told.next_at_ms ELSE outbox.next_at_ms END,
        last_error = CASE WHEN told.is_tried THEN told.last_error ELSE outbox.last_error END
      FROM json_to_recordset(${JSON.stringify(rows)}::json) AS told(event_id text, state text, attempts integer,
        next_at_ms bigint, last_error text, sent_at_ms bigint, is_tried boolean, is_unsure boolean)
      WHERE outbox.sink = ${sink.name} AND outbox.event_id = told.event_id`.execute(this.#database.db);
  }
}

async function deliverOne(sink: Sink, { message, mayHaveArrived }: Claimed): Promise<Outcome> {
  try {
    const delivery = await sink.deliver(message, { mayHaveArrived });
    if (delivery.state === 'sent') return { kind: 'sent' };
    const { state, reason } = delivery;
    return state === 'refused' ? { kind: 'refused', reason } : { kind: 'retried', reason, isUnsure: false };
  } catch (error) {
    return { kind: 'retried', reason: error instanceof Error ? error.message : String(error), isUnsure: true };
  }
}

function lanesOf(sink: Sink, claimed: readonly Claimed[]): readonly (readonly Claimed[])[] {
  const lanes: Claimed[][] = Array.from({ length: laneCount }, () => []);
  for (const [index, one] of claimed.entries()) {
    const name = sink.laneOf?.(one.message);
    lanes[name === undefined ? index % laneCount : numberOf(name) % laneCount]?.push(one);
  }
  return lanes;
}

function numberOf(name: string): number {
  return createHash('sha256').update(name).digest().readUInt32BE(0);
}

function settledRow(
  eventId: string,
  before: number,
  { outcome, nowMs }: { readonly outcome: Outcome; readonly nowMs: number },
): object {
  const row = {
    event_id: eventId,
    state: 'pending',
    attempts: before + 1,
    next_at_ms: 0,
    is_tried: true,
    is_unsure: false,
  };
  switch (outcome.kind) {
    case 'sent':
      return { ...row, state: 'sent', sent_at_ms: nowMs };
    case 'refused':
      return { ...row, state: 'failed', last_error: outcome.reason };
    case 'retried': {
      const waitMs = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(before, 20));
      return { ...row, next_at_ms: nowMs + waitMs, last_error: outcome.reason, is_unsure: outcome.isUnsure };
    }
    default:
      return { ...row, attempts: before, is_tried: false };
  }
}
