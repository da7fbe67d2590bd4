import { sql } from 'kysely';
import type { Executor } from '../../books/post-transaction.ts';
import { type Booking, inputOf, outputOf } from '../books/booking.ts';
import { type BulkColumn, type BulkValue, bulkRows } from '../books/bulk-rows.ts';
import { birthDayOf } from '../sums/time-slots.ts';

/** What is remembered of a booked exchange to recognise facts that come again or late. */
export interface KnownExchange {
  readonly request_id: string;
  readonly day_ms: bigint;
  readonly started_at_ms: bigint;
  readonly customer: string;
  readonly key_name: string;
  readonly job: string;
  readonly model: string;
  readonly host: string;
  readonly upstream_model: string;
  readonly end_user: string;
  readonly feature: string;
  readonly project: string;
  readonly cost_nanos: bigint | null;
  readonly digest: bigint;
  readonly attempt_digests: readonly bigint[];
}

/** Adds rows of exchanges and tells which are new: the others were booked before. */
export async function insertExchanges(
  executor: Executor,
  gatewayId: string,
  bookings: readonly Booking[],
): Promise<ReadonlySet<string>> {
  if (bookings.length === 0) return new Set();
  const sent = columns.map(({ name, type, valueOf }): BulkColumn => ({ name, type, values: bookings.map(valueOf) }));
  const { rows: made } = await sql<{ request_id: string }>`
    INSERT INTO exchange_recent (gateway_id, ${sql.raw(columnNames)})
    SELECT ${gatewayId}::text, ${sql.raw(selected)} FROM ${bulkRows(sent)}
    ORDER BY day_ms, request_id
    ON CONFLICT DO NOTHING RETURNING request_id`.execute(executor);
  return new Set(made.map(({ request_id: id }) => id));
}

/** Those of some exchanges that were booked before. */
export async function findExchanges(
  executor: Executor,
  requestIds: readonly string[],
): Promise<ReadonlyMap<string, KnownExchange>> {
  if (requestIds.length === 0) return new Map();
  const wanted = JSON.stringify(requestIds.map((id) => ({ day_ms: birthDayOf(id), request_id: id })));
  const { rows } = await sql<KnownExchange>`
    SELECT known.request_id, known.day_ms, known.started_at_ms, known.customer, known.key_name, known.job, known.model,
      known.host, known.upstream_model, known.end_user, known.feature, known.project, known.cost_nanos, known.digest,
      known.attempt_digests
    FROM json_to_recordset(${wanted}::json) AS wanted(day_ms bigint, request_id text)
    JOIN exchange_recent known ON known.day_ms = wanted.day_ms AND known.request_id = wanted.request_id`.execute(
    executor,
  );
  return new Map(rows.map((row) => [row.request_id, row]));
}

/** Moves the amounts of a row that a late attempt or a correction changed. */
export async function adjustExchange(
  executor: Executor,
  requestId: string,
  change: { readonly costNanos: bigint; readonly chargeNanos: bigint; readonly mark?: bigint },
): Promise<void> {
  const marks = change.mark === undefined ? '{}' : `{${change.mark}}`;
  await sql`
    UPDATE exchange_recent SET cost_nanos = cost_nanos + ${change.costNanos},
      charge_nanos = charge_nanos + ${change.chargeNanos}, attempt_digests = attempt_digests || ${marks}::bigint[]
    WHERE day_ms = ${birthDayOf(requestId)} AND request_id = ${requestId}`.execute(executor);
}

interface ExchangeColumn {
  readonly name: string;
  readonly type: BulkColumn['type'];
  readonly valueOf: (booking: Booking) => BulkValue;
}

function column(type: BulkColumn['type'], name: string, valueOf: ExchangeColumn['valueOf']): ExchangeColumn {
  return { name, type, valueOf };
}

const columns: readonly ExchangeColumn[] = [
  column('bigint', 'day_ms', ({ bornDayMs }) => bornDayMs),
  column('text', 'request_id', ({ requestId }) => requestId),
  column('bigint', 'segment', ({ position }) => position.segment),
  column('bigint', 'byte_offset', ({ position }) => position.offset),
  column('bigint', 'started_at_ms', ({ startedAtMs }) => startedAtMs),
  column('bigint', 'ended_at_ms', ({ endedAtMs }) => Math.trunc(endedAtMs)),
  column('text', 'customer', ({ dimensions }) => dimensions.customer),
  column('text', 'key_name', ({ dimensions }) => dimensions.key),
  column('text', 'job', ({ dimensions }) => dimensions.job),
  column('text', 'model', ({ dimensions }) => dimensions.model),
  column('text', 'host', ({ dimensions }) => dimensions.host),
  column('text', 'upstream_model', ({ dimensions }) => dimensions.upstreamModel),
  column('text', 'end_user', ({ dimensions }) => dimensions.endUser),
  column('text', 'feature', ({ dimensions }) => dimensions.feature),
  column('text', 'project', ({ dimensions }) => dimensions.project),
  column('text', 'status', ({ status }) => status),
  column('integer', 'http_status', ({ final }) => final?.httpStatus ?? 0),
  column('text', 'fault', ({ final }) => final?.fault ?? ''),
  column('text', 'cache', ({ final }) => final?.cache ?? 'bypass'),
  column('integer', 'attempts', ({ attemptMarks }) => attemptMarks.length),
  column('bigint', 'input_units', ({ units }) => inputOf(units)),
  column('bigint', 'output_units', ({ units }) => outputOf(units)),
  column('bigint', 'cost_nanos', ({ costNanos }) => costNanos),
  column('bigint', 'charge_nanos', ({ chargeNanos }) => chargeNanos),
  column('bigint', 'saved_nanos', ({ savedNanos }) => savedNanos),
  column('bigint', 'absorbed_nanos', ({ absorbedNanos }) => absorbedNanos),
  column('boolean', 'is_estimated', ({ isEstimated }) => isEstimated),
  column('text', 'plan_version', ({ final }) => final?.planVersionId ?? ''),
  column('real', 'first_byte_ms', ({ final }) => final?.firstByteMs ?? null),
  column('real', 'total_ms', ({ final }) => final?.totalMs ?? 0),
  column('bigint', 'digest', ({ digest }) => digest),
  // An array of arrays would have to be as wide as its widest: each is text until it is in its row.
  column('text', 'attempt_digests', ({ attemptMarks }) => `{${attemptMarks.join(',')}}`),
];

const columnNames = columns.map(({ name }) => name).join(', ');
const selected = columnNames.replace('attempt_digests', 'attempt_digests::bigint[]');
