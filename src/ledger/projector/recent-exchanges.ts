import { sql } from 'kysely';
import { idTimeMs } from '../../platform/ids.ts';
import type { Executor } from '../books/post-transaction.ts';
import { type Booking, inputOf, outputOf } from './booking.ts';
import { dayOf } from './time-slots.ts';

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

/** The day of a request's id. It never differs between two tellings, so both find the same row. */
export function birthDayOf(requestId: string): number {
  return dayOf(idTimeMs(requestId) ?? 0);
}

/** Adds rows of exchanges and tells which are new: the others were booked before. */
export async function insertExchanges(
  executor: Executor,
  gatewayId: string,
  bookings: readonly Booking[],
): Promise<ReadonlySet<string>> {
  if (bookings.length === 0) return new Set();
  const rows = JSON.stringify(bookings.map((booking) => toRow(gatewayId, booking)));
  const { rows: made } = await sql<{ request_id: string }>`
    INSERT INTO exchange_recent (${sql.raw(columnNames)})
    SELECT ${sql.raw(selected)} FROM json_to_recordset(${rows}::json) AS r(${sql.raw(columnTypes)})
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

const columns = {
  day_ms: 'bigint',
  request_id: 'text',
  gateway_id: 'text',
  segment: 'bigint',
  byte_offset: 'bigint',
  started_at_ms: 'bigint',
  ended_at_ms: 'bigint',
  customer: 'text',
  key_name: 'text',
  job: 'text',
  model: 'text',
  host: 'text',
  upstream_model: 'text',
  end_user: 'text',
  feature: 'text',
  project: 'text',
  status: 'text',
  http_status: 'integer',
  fault: 'text',
  cache: 'text',
  attempts: 'integer',
  input_units: 'bigint',
  output_units: 'bigint',
  cost_nanos: 'bigint',
  charge_nanos: 'bigint',
  saved_nanos: 'bigint',
  absorbed_nanos: 'bigint',
  is_estimated: 'boolean',
  plan_version: 'text',
  first_byte_ms: 'real',
  total_ms: 'real',
  digest: 'bigint',
  attempt_digests: 'text',
} as const;
type Column = keyof typeof columns;

const columnNames = Object.keys(columns).join(', ');
const columnTypes = Object.entries(columns)
  .map(([name, type]) => `${name} ${type}`)
  .join(', ');
const selected = columnNames.replace('attempt_digests', 'attempt_digests::bigint[]');

function toRow(gatewayId: string, booking: Booking): { readonly [Name in Column]: unknown } {
  const { dimensions, final, position } = booking;
  return {
    day_ms: birthDayOf(booking.requestId),
    request_id: booking.requestId,
    gateway_id: gatewayId,
    segment: position.segment,
    byte_offset: position.offset,
    started_at_ms: booking.startedAtMs,
    ended_at_ms: Math.trunc(booking.endedAtMs),
    customer: dimensions.customer,
    key_name: dimensions.key,
    job: dimensions.job,
    model: dimensions.model,
    host: dimensions.host,
    upstream_model: dimensions.upstreamModel,
    end_user: dimensions.endUser,
    feature: dimensions.feature,
    project: dimensions.project,
    status: booking.status,
    http_status: final?.httpStatus ?? 0,
    fault: final?.fault ?? '',
    cache: final?.cache ?? 'bypass',
    attempts: booking.attemptMarks.length,
    input_units: inputOf(booking.units),
    output_units: outputOf(booking.units),
    cost_nanos: booking.costNanos?.toString() ?? null,
    charge_nanos: booking.chargeNanos?.toString() ?? null,
    saved_nanos: booking.savedNanos.toString(),
    absorbed_nanos: booking.absorbedNanos.toString(),
    is_estimated: booking.isEstimated,
    plan_version: final?.planVersionId ?? '',
    first_byte_ms: final?.firstByteMs ?? null,
    total_ms: final?.totalMs ?? 0,
    digest: booking.digest,
    attempt_digests: `{${booking.attemptMarks.join(',')}}`,
  };
}
