import { sql, type Transaction } from 'kysely';
import type { AttemptFact } from '../../../domain/facts/facts.ts';
import { rateAttempt } from '../../../domain/rating/rate-attempt.ts';
import type { Database, Tables } from '../../../storage/index.ts';
import { costEntries } from '../../books/money-events.ts';
import { postTransaction } from '../../books/post-transaction.ts';
import { LedgerError } from '../../ledger-error.ts';
import { BatchSums } from '../sums/batch-sums.ts';
import { type BookedAttempt, type Booking, bookingOf } from '../books/booking.ts';
import { findHeldExchange, replaceHeldExchange } from '../exchanges/held-exchanges.ts';
import type { PendingExchange } from '../exchanges/pending-exchange.ts';
import type { VersionLookup } from '../ports.ts';
import { birthDayOf, minuteOf } from '../sums/time-slots.ts';
import { UsageLabels } from '../facts/usage-labels.ts';

/** Which fact is let out, by whom and why. */
export interface ReleaseOrder {
  /** Of the quarantined fact. */
  readonly id: bigint;
  readonly reason: string;
  readonly by: string;
  readonly nowMs: number;
  /** Books the fact's own figure although its price still gives another one. */
  readonly acceptDifference?: boolean | undefined;
}

/** What a release put into the books. */
export interface Released {
  readonly id: bigint;
  readonly requestId: string;
  readonly customer: string;
  readonly costNanos: bigint;
}

/**
 * Books the cost of an attempt that was held because its price gave another one: where and as it would have been booked
 * at first, so that a rebuild comes to the same. The fact's own figure is booked and no other: nothing is invented here.
 */
export async function releaseQuarantined(
  { db }: Pick<Database, 'db'>,
  order: ReleaseOrder,
  versions: VersionLookup,
): Promise<Released> {
  return db.transaction().execute(async (trx) => {
    const row = await trx
      .selectFrom('quarantine')
      .selectAll()
      .where('id', '=', order.id)
      .forUpdate()
      .executeTakeFirst();
    if (!row) throw new LedgerError('unknown_txn', `there is no quarantined fact ${order.id}`);
    if (row.released_at_ms !== null) throw new LedgerError('conflict', `the quarantined fact ${order.id} is released`);
    if (row.reason !== 'rating_difference') {
      throw new LedgerError('conflict', `a fact that is set apart as "${row.reason}" cannot be booked: ${row.detail}`);
    }
    const fact = JSON.parse(Buffer.from(row.body).toString('utf8')) as AttemptFact;
    if (order.acceptDifference !== true) await checkPrice(fact, versions);
    const pending = await heldIn(trx, fact);
    const difference = { gatewayId: row.gateway_id, ...letOut(pending, fact.attempt) };
    await correctEstimate(trx, fact);
    await bookDifference(trx, difference, `release/${row.gateway_id}/${row.segment}:${row.byte_offset}`);
    await replaceHeldExchange(trx, pending);
    const released = { released_at_ms: BigInt(order.nowMs), released_by: order.by, release_reason: order.reason };
    await trx.updateTable('quarantine').set(released).where('id', '=', order.id).execute();
    const { customer } = difference.after.dimensions;
    return { id: order.id, requestId: fact.requestId, customer, costNanos: row.cost_nanos };
  });
}

async function checkPrice(fact: AttemptFact, versions: VersionLookup): Promise<void> {
  const { priceVersionId = '', contractVersionId } = fact;
  await versions.load({
    prices: [priceVersionId],
    contracts: contractVersionId === undefined ? [] : [contractVersionId],
  });
  const contract = contractVersionId === undefined ? undefined : versions.contract(contractVersionId);
  const cost = rateAttempt(fact, versions.price(priceVersionId), contract)?.costNanos?.toString() ?? null;
  if (cost === fact.costNanos) return;
  throw new LedgerError(
    'conflict',
    `${priceVersionId} still gives ${cost ?? 'no cost'}, the fact says ${fact.costNanos ?? 'unknown'}: correct the price, or accept the difference`,
  );
}

async function heldIn(trx: Transaction<Tables>, fact: AttemptFact): Promise<PendingExchange> {
  const pending = await findHeldExchange(trx, fact.requestId);
  const attempt = pending?.attempts.get(fact.attempt);
  if (pending && attempt?.isHeld === true) return pending;
  throw new LedgerError(
    'conflict',
    `the exchange ${fact.requestId} is not booked yet, or was booked without this attempt`,
  );
}

interface LetOut {
  readonly before: Booking;
  readonly after: Booking;
}

function letOut(pending: PendingExchange, attempt: number): LetOut {
  const before = bookingOf(pending);
  const recorded = pending.attempts.get(attempt);
  if (recorded) pending.attempts.set(attempt, { fact: recorded.fact, mark: recorded.mark });
  return { before, after: bookingOf(pending) };
}

/** An estimate that is corrected later is corrected from the figure that is now booked. */
async function correctEstimate(trx: Transaction<Tables>, fact: AttemptFact): Promise<void> {
  const estimate = await trx
    .selectFrom('estimated_attempt')
    .select('is_corrected')
    .where('request_id', '=', fact.requestId)
    .where('attempt', '=', fact.attempt)
    .forUpdate()
    .executeTakeFirst();
  if (!estimate) return;
  if (estimate.is_corrected) {
    throw new LedgerError('conflict', `a correction has already booked what attempt ${fact.attempt} cost`);
  }
  await trx
    .updateTable('estimated_attempt')
    .set({ cost_nanos: BigInt(fact.costNanos ?? '0') })
    .where('request_id', '=', fact.requestId)
    .where('attempt', '=', fact.attempt)
    .execute();
}

async function bookDifference(
  trx: Transaction<Tables>,
  { gatewayId, before, after }: LetOut & { readonly gatewayId: string },
  operationKey: string,
): Promise<void> {
  const labels = new UsageLabels(gatewayId);
  await labels.load(trx, [after]);
  const sums = new BatchSums(labels);
  const { startedAtMs } = after;
  for (const [index, attempt] of after.attempts.entries()) {
    const earlier = before.attempts[index];
    if (!earlier) continue;
    const cost = sums.addDifference({ booking: after, attempt, earlier });
    const entries = costEntries(attempt.host, cost.costNanos, cost.absorbedNanos);
    if (entries.length === 0) continue;
    await postTransaction(trx, {
      kind: 'correction',
      operationKey: `${operationKey}/${attempt.attempt}`,
      sourceRef: operationKey,
      bookedAtMs: minuteOf(startedAtMs),
      customer: after.dimensions.customer,
      host: attempt.host,
      entries,
      memo: 'released from quarantine',
    });
  }
  await adjustRow(trx, { before, after });
  await sums.writeSums(trx);
}

/** The row of the exchange, while it is remembered. */
async function adjustRow(trx: Transaction<Tables>, { before, after }: LetOut): Promise<void> {
  const absorbedNanos = after.absorbedNanos - before.absorbedNanos;
  const cost = after.costNanos === null ? sql`NULL` : sql`cost_nanos + ${totalOf(after) - totalOf(before)}::bigint`;
  await sql`
    UPDATE exchange_recent SET cost_nanos = ${cost}, absorbed_nanos = absorbed_nanos + ${absorbedNanos}::bigint
    WHERE day_ms = ${birthDayOf(after.requestId)} AND request_id = ${after.requestId}`.execute(trx);
}

function totalOf({ attempts }: Booking): bigint {
  return attempts.reduce((sum: bigint, { costNanos }: BookedAttempt) => sum + (costNanos ?? 0n), 0n);
}
