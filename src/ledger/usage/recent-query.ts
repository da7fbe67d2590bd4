import { sql } from 'kysely';
import { marginNanos } from '../../domain/charges/margin.ts';
import type { JournalPosition } from '../../journal/index.ts';
import type { Database, Tables } from '../../storage/index.ts';
import { decodeCursor, encodeCursor } from './page-cursor.ts';

/** When the newest exchange of the books began; undefined before the first. */
export async function newestExchangeMs({ db }: Pick<Database, 'db'>): Promise<number | undefined> {
  const newest = await db
    .selectFrom('exchange_recent')
    .select('started_at_ms')
    .orderBy('started_at_ms', 'desc')
    .limit(1)
    .executeTakeFirst();
  return newest === undefined ? undefined : Number(newest.started_at_ms);
}

/** Which exchanges are wanted; the newest come first. */
export interface RecentQuery {
  readonly customer?: string | undefined;
  readonly key?: string | undefined;
  readonly job?: string | undefined;
  readonly model?: string | undefined;
  readonly host?: string | undefined;
  readonly endUser?: string | undefined;
  readonly status?: string | undefined;
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** One settled exchange. */
export interface RecentExchange {
  readonly requestId: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly customer: string;
  readonly key: string;
  readonly job: string;
  readonly model: string;
  readonly host: string;
  readonly upstreamModel: string;
  readonly endUser: string;
  readonly feature: string;
  readonly project: string;
  readonly status: string;
  readonly httpStatus: number;
  readonly fault: string;
  readonly cache: string;
  readonly attempts: number;
  readonly inputUnits: bigint;
  readonly outputUnits: bigint;
  /** null is unknown. */
  readonly costNanos: bigint | null;
  readonly chargeNanos: bigint | null;
  readonly marginNanos: bigint | null;
  readonly isEstimated: boolean;
  readonly totalMs: number;
  /** Where the journal has all of its facts. */
  readonly gatewayId: string;
  readonly position: JournalPosition;
}

const defaultLimit = 50;
const largestLimit = 500;

/** The last exchanges, of a customer or of all, as long as they are remembered. */
export async function recentExchanges(
  { db }: Pick<Database, 'db'>,
  query: RecentQuery,
): Promise<{ readonly rows: readonly RecentExchange[]; readonly nextCursor?: string }> {
  const limit = Math.min(largestLimit, Math.max(1, query.limit ?? defaultLimit));
  const after = decodeCursor(query.cursor);
  const wanted = [
    query.customer === undefined ? undefined : sql`customer = ${query.customer}`,
    query.key === undefined ? undefined : sql`key_name = ${query.key}`,
    query.job === undefined ? undefined : sql`job = ${query.job}`,
    query.model === undefined ? undefined : sql`model = ${query.model}`,
    query.host === undefined ? undefined : sql`host = ${query.host}`,
    query.endUser === undefined ? undefined : sql`end_user = ${query.endUser}`,
    query.status === undefined ? undefined : sql`status = ${query.status}`,
    query.fromMs === undefined ? undefined : sql`started_at_ms >= ${query.fromMs}`,
    query.toMs === undefined ? undefined : sql`started_at_ms < ${query.toMs}`,
    after === undefined ? undefined : sql`(started_at_ms, request_id) < (${after[0]}::bigint, ${after[1]}::text)`,
  ].filter((condition) => condition !== undefined);
  const condition = wanted.length === 0 ? sql`true` : sql.join(wanted, sql` AND `);
  const { rows } = await sql<Tables['exchange_recent']>`
    SELECT * FROM exchange_recent WHERE ${condition}
    ORDER BY started_at_ms DESC, request_id DESC LIMIT ${limit + 1}`.execute(db);
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    rows: page.map(toExchange),
    ...(rows.length > limit && last && { nextCursor: encodeCursor([String(last.started_at_ms), last.request_id]) }),
  };
}

function toExchange(row: Tables['exchange_recent']): RecentExchange {
  return {
    requestId: row.request_id,
    startedAtMs: Number(row.started_at_ms),
    endedAtMs: Number(row.ended_at_ms),
    customer: row.customer,
    key: row.key_name,
    job: row.job,
    model: row.model,
    host: row.host,
    upstreamModel: row.upstream_model,
    endUser: row.end_user,
    feature: row.feature,
    project: row.project,
    status: row.status,
    httpStatus: row.http_status,
    fault: row.fault,
    cache: row.cache,
    attempts: row.attempts,
    inputUnits: row.input_units,
    outputUnits: row.output_units,
    costNanos: row.cost_nanos,
    chargeNanos: row.charge_nanos,
    marginNanos: marginNanos(row.charge_nanos, row.cost_nanos),
    isEstimated: row.is_estimated,
    totalMs: row.total_ms,
    gatewayId: row.gateway_id,
    position: { segment: Number(row.segment), offset: Number(row.byte_offset) },
  };
}
