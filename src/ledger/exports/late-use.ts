import { sql } from 'kysely';
import { nanosPerCent } from '../../domain/charges/proration.ts';
import { divideHalfEven } from '../../domain/money/decimal.ts';
import { dayText } from '../../domain/money/periods.ts';
import type { Database } from '../../storage/index.ts';
import { meterEventId } from './meter-events.ts';
import { enqueueAll, type OutboxMessage } from './outbox.ts';

/** Which meter events are too old to be taken by their receiver. */
export interface LateUse {
  readonly sink: string;
  /** Of use that ended before. */
  readonly beforeMs: number;
  readonly nowMs: number;
}

/** Late events that become amounts at once; more are taken in the next step. */
const eventsPerStep = 20_000;

interface LateEvent {
  readonly event_id: string;
  readonly occurred_at_ms: bigint;
  readonly payload: { readonly [name: string]: unknown };
  readonly is_unsure: boolean;
}

/** What became of late events. */
export interface CombinedUse {
  readonly superseded: number;
  /** Left to a person. */
  readonly refused: number;
}

const unpricedReason = 'too old for a meter event, and its charge is unknown';
const unsureReason =
  'too old for a meter event, and an earlier delivery may have arrived: look there before billing it';

interface LateSum {
  readonly customer: string;
  readonly eventIds: string[];
  readonly units: Map<string, bigint>;
  chargeNanos: bigint;
  firstMs: number;
  lastMs: number;
}

/**
 * Makes one amount for each customer of its meter events that are too old to be sent as such, at what the books charged
 * for them: sent again, their identifiers might have been forgotten there. What is less than a cent is carried to the
 * customer's next amount. Events whose charge nobody knows are refused, for a person to price; so are those that may
 * have been metered, since nobody can be asked any more and an amount would bill them twice.
 */
export async function combineLateUse(database: Pick<Database, 'db'>, late: LateUse): Promise<CombinedUse> {
  const { sink, beforeMs, nowMs } = late;
  return database.db.transaction().execute(async (trx) => {
    const { rows } = await sql<LateEvent>`
      SELECT event_id, occurred_at_ms, payload, is_unsure OR claimed_until_ms > 0 AS is_unsure FROM outbox
      WHERE sink = ${sink} AND state = 'pending' AND kind = 'meter_event' AND occurred_at_ms <= ${beforeMs}
        AND claimed_until_ms <= ${nowMs}
      ORDER BY occurred_at_ms, event_id LIMIT ${eventsPerStep} FOR UPDATE SKIP LOCKED`.execute(trx);
    if (rows.length === 0) return { superseded: 0, refused: 0 };
    const unsure = rows.filter((row) => row.is_unsure).map((row) => row.event_id);
    const { sums, unpriced } = sumByCustomer(rows.filter((row) => !row.is_unsure));
    const messages: OutboxMessage[] = [];
    for (const sum of sums) {
      const known = await trx
        .selectFrom('export_carry')
        .select('carry_nanos')
        .where('sink', '=', sink)
        .where('customer', '=', sum.customer)
        .forUpdate()
        .executeTakeFirst();
      const exactNanos = (known?.carry_nanos ?? 0n) + sum.chargeNanos;
      const amountNanos = toCents(exactNanos);
      const carry = { carry_nanos: exactNanos - amountNanos };
      await trx
        .insertInto('export_carry')
        .values({ sink, customer: sum.customer, ...carry })
        .onConflict((conflict) => conflict.columns(['sink', 'customer']).doUpdateSet(carry))
        .execute();
      if (amountNanos !== 0n) messages.push(toMessage(sink, sum, amountNanos));
    }
    await enqueueAll(trx, messages);
    await settle(trx, late, { superseded: sums.flatMap(({ eventIds }) => eventIds), unpriced, unsure });
    const refused = unpriced.length + unsure.length;
    return { superseded: rows.length - refused, refused };
  });
}

function sumByCustomer(rows: readonly LateEvent[]): { readonly sums: readonly LateSum[]; readonly unpriced: string[] } {
  const sums = new Map<string, LateSum>();
  const unpriced: string[] = [];
  for (const { event_id: eventId, occurred_at_ms: atMs, payload } of rows) {
    const { customer, chargeNanos, meter, units } = payload;
    if (typeof customer !== 'string' || typeof chargeNanos !== 'string') {
      unpriced.push(eventId);
      continue;
    }
    const sum = sums.get(customer) ?? emptySum(customer, Number(atMs));
    sums.set(customer, sum);
    sum.eventIds.push(eventId);
    sum.chargeNanos += BigInt(chargeNanos);
    sum.lastMs = Number(atMs);
    const name = String(meter);
    sum.units.set(name, (sum.units.get(name) ?? 0n) + BigInt(String(units)));
  }
  return { sums: [...sums.values()], unpriced };
}

function emptySum(customer: string, atMs: number): LateSum {
  return { customer, eventIds: [], units: new Map(), chargeNanos: 0n, firstMs: atMs, lastMs: atMs };
}

function toCents(nanos: bigint): bigint {
  const size = nanos < 0n ? -nanos : nanos;
  const rounded = divideHalfEven(size, nanosPerCent) * nanosPerCent;
  return nanos < 0n ? -rounded : rounded;
}

function toMessage(sink: string, sum: LateSum, amountNanos: bigint): OutboxMessage {
  const days = [...new Set([dayText(sum.firstMs), dayText(sum.lastMs)])].join(' to ');
  const units = [...sum.units].map(([meter, count]) => `${count} of ${meter}`).join(', ');
  return {
    sink,
    eventId: meterEventId(sum.eventIds.join('\n'), 0, 'late'),
    kind: 'invoice_item',
    occurredAtMs: sum.lastMs,
    payload: {
      customer: sum.customer,
      amountNanos: amountNanos.toString(),
      description: `Late use of ${days}: ${units}`,
    },
  };
}

async function settle(
  trx: Database['db'],
  { sink, nowMs }: LateUse,
  of: { readonly [What in 'superseded' | 'unpriced' | 'unsure']: readonly string[] },
): Promise<void> {
  const those = (ids: readonly string[]) => sql`sink = ${sink} AND event_id IN
    (SELECT value FROM json_array_elements_text(${JSON.stringify(ids)}::json))`;
  await sql`UPDATE outbox SET state = 'superseded', sent_at_ms = ${nowMs} WHERE ${those(of.superseded)}`.execute(trx);
  const fail = (ids: readonly string[], reason: string) =>
    sql`UPDATE outbox SET state = 'failed', last_error = ${reason} WHERE ${those(ids)}`.execute(trx);
  await fail(of.unpriced, unpricedReason);
  await fail(of.unsure, unsureReason);
}
