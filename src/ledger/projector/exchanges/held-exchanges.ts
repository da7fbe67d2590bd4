import { sql } from 'kysely';
import type { Executor } from '../../books/post-transaction.ts';
import { PendingExchange } from './pending-exchange.ts';
import { storableJson } from './open-exchanges.ts';
import type { RatingDifference } from '../books/rerate.ts';

/** Keeps booked exchanges of which an amount is in quarantine: whoever lets it out books what is missing of them. */
export async function saveHeldExchanges(
  executor: Executor,
  gatewayId: string,
  booked: readonly PendingExchange[],
): Promise<void> {
  const held = booked.filter(({ attempts }) => [...attempts.values()].some(({ isHeld }) => isHeld === true));
  for (const pending of held) {
    await executor
      .insertInto('held_exchange')
      .values({ request_id: pending.requestId, gateway_id: gatewayId, pending: storableJson(pending.toJson()) })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

/** One that is kept, locked; undefined when it is not booked yet or lacks nothing. */
export async function findHeldExchange(executor: Executor, requestId: string): Promise<PendingExchange | undefined> {
  const row = await executor
    .selectFrom('held_exchange')
    .select('pending')
    .where('request_id', '=', requestId)
    .forUpdate()
    .executeTakeFirst();
  return row && PendingExchange.fromJson(requestId, row.pending);
}

/** Keeps what is still held of an exchange; forgets it when nothing is. */
export async function replaceHeldExchange(executor: Executor, pending: PendingExchange): Promise<void> {
  const { requestId } = pending;
  if (![...pending.attempts.values()].some((attempt) => attempt.isHeld === true)) {
    await executor.deleteFrom('held_exchange').where('request_id', '=', requestId).execute();
    return;
  }
  const kept = { pending: storableJson(pending.toJson()) };
  await executor.updateTable('held_exchange').set(kept).where('request_id', '=', requestId).execute();
}

/**
 * The differences that nobody has decided about. A release stands in the usual schema, whatever schema is filled: a
 * rebuild books what was let out as if it had never been held.
 */
export async function undecided<Fact>(
  executor: Executor,
  gatewayId: string,
  differences: ReadonlyMap<Fact, RatingDifference>,
): Promise<ReadonlyMap<Fact, RatingDifference>> {
  if (differences.size === 0) return differences;
  const places = [...differences.values()].map(({ read: { position } }) => position);
  const { rows } = await sql<{ segment: bigint; byte_offset: bigint }>`
    SELECT known.segment, known.byte_offset
    FROM json_to_recordset(${JSON.stringify(places)}::json) AS wanted(segment bigint, "offset" bigint)
    JOIN public.quarantine known ON known.segment = wanted.segment AND known.byte_offset = wanted."offset"
    WHERE known.gateway_id = ${gatewayId} AND known.reason = 'rating_difference' AND known.released_at_ms IS NOT NULL
  `.execute(executor);
  const released = new Set(rows.map((row) => `${row.segment}:${row.byte_offset}`));
  if (released.size === 0) return differences;
  return new Map(
    [...differences].filter(([, { read }]) => !released.has(`${read.position.segment}:${read.position.offset}`)),
  );
}
