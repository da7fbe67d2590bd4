import { sql } from 'kysely';
import type { OutcomeFact } from '../../domain/facts/facts.ts';
import type { Database } from '../../storage/index.ts';

/** How one model was used at one host on a job, evaluations included. */
export interface EndpointUse {
  readonly model: string;
  readonly host: string;
  readonly upstreamModel: string;
  readonly exchanges: number;
  readonly completed: number;
  /** Of them, real requests of the job. */
  readonly ofJob: number;
  /** Filled by who judges. */
  readonly judged: number;
  readonly inputUnits: number;
  readonly outputUnits: number;
  readonly firstByteP50Ms: number | null;
  readonly firstByteP95Ms: number | null;
  readonly tokensPerSecondP50: number | null;
  readonly lastMs: number | null;
}

/** An exchange that something was said about. */
export interface JudgedExchange {
  readonly requestId: string;
  readonly model: string;
  readonly host: string;
  readonly costNanos: bigint | null;
  readonly isOfJob: boolean;
  readonly outcomes: readonly OutcomeFact[];
}

interface Asked {
  readonly job: string;
  readonly sinceMs: number;
}

const maxOutcomes = 200_000;

/** Figures of speed and failure by model and host: medians over the raw rows, never means of percentiles. */
export async function readEndpointUse({ db }: Database, { job, sinceMs }: Asked): Promise<readonly EndpointUse[]> {
  const { rows } = await sql<{ [column: string]: string | number | null }>`
    SELECT model, host, max(upstream_model) AS upstream_model, count(*)::int AS exchanges,
      count(*) FILTER (WHERE status = 'completed')::int AS completed,
      count(*) FILTER (WHERE job = ${job})::int AS of_job,
      coalesce(sum(input_units) FILTER (WHERE status = 'completed'), 0)::float8 AS input_units,
      coalesce(sum(output_units) FILTER (WHERE status = 'completed'), 0)::float8 AS output_units,
      -- What failed counts as slower than anything.
      percentile_disc(0.5) WITHIN GROUP (ORDER BY CASE WHEN status = 'completed' THEN first_byte_ms ELSE 'infinity' END) AS p50,
      percentile_disc(0.95) WITHIN GROUP (ORDER BY CASE WHEN status = 'completed' THEN first_byte_ms ELSE 'infinity' END) AS p95,
      percentile_disc(0.5) WITHIN GROUP (ORDER BY CASE
        WHEN status = 'completed' AND output_units >= 2 AND total_ms > first_byte_ms
        THEN (output_units - 1) * 1000 / (total_ms - first_byte_ms) END) AS speed,
      max(ended_at_ms)::float8 AS last_ms
    FROM exchange_recent
    WHERE started_at_ms >= ${sinceMs} AND host <> '' AND (job = ${job}
      OR request_id IN (SELECT request_id FROM outcome WHERE job = ${job} AND run_id IS NOT NULL AND at_ms >= ${sinceMs}))
    GROUP BY model, host`.execute(db);
  return rows.map((row) => ({
    model: String(row['model']),
    host: String(row['host']),
    upstreamModel: String(row['upstream_model']),
    exchanges: Number(row['exchanges']),
    completed: Number(row['completed']),
    ofJob: Number(row['of_job']),
    judged: 0,
    inputUnits: Number(row['input_units']),
    outputUnits: Number(row['output_units']),
    firstByteP50Ms: finite(row['p50']),
    firstByteP95Ms: finite(row['p95']),
    tokensPerSecondP50: finite(row['speed']),
    lastMs: finite(row['last_ms']),
  }));
}

/** What the requests of a job cost since an instant; unknown costs are left out. */
export async function readJobSpend({ db }: Pick<Database, 'db'>, { job, sinceMs }: Asked): Promise<bigint> {
  const { rows } = await sql<{ nanos: string }>`
    SELECT coalesce(sum(cost_nanos), 0)::text AS nanos FROM exchange_recent
    WHERE job = ${job} AND started_at_ms >= ${sinceMs}`.execute(db);
  return BigInt(rows[0]?.nanos ?? '0');
}

/** Outcomes of the job with the exchanges they are about, by request. */
export async function readJudgedOutcomes(
  { db }: Database,
  { job, sinceMs }: Asked,
): Promise<ReadonlyMap<string, JudgedExchange>> {
  const rows = await db
    .selectFrom('outcome')
    .innerJoin('exchange_recent', 'exchange_recent.request_id', 'outcome.request_id')
    .selectAll('outcome')
    .select([
      'exchange_recent.model as used',
      'exchange_recent.host as served',
      'exchange_recent.cost_nanos',
      'exchange_recent.job as asked',
    ])
    .where('outcome.job', '=', job)
    .where('outcome.at_ms', '>=', BigInt(sinceMs))
    .orderBy('outcome.received_at_ms', 'desc')
    .limit(maxOutcomes)
    .execute();
  const found = new Map<string, JudgedExchange & { readonly outcomes: OutcomeFact[] }>();
  // Told first comes first again: the latest of a kind counts.
  for (const row of rows.toReversed()) {
    const { request_id: requestId, used: model, served: host, cost_nanos: costNanos } = row;
    const one = found.get(requestId) ?? { requestId, model, host, costNanos, isOfJob: row.asked === job, outcomes: [] };
    found.set(requestId, one);
    one.outcomes.push({
      type: 'outcome',
      requestId,
      outcomeId: row.outcome_id,
      atMs: Number(row.at_ms),
      kind: row.kind,
      source: row.source,
      ...(row.value !== null && { value: row.value }),
      ...(row.weight !== null && { weight: row.weight }),
      ...(row.label !== null && { label: row.label }),
      ...(row.amount_nanos !== null && { amountNanos: row.amount_nanos.toString() }),
      ...(row.minutes_saved !== null && { minutesSaved: row.minutes_saved }),
      ...(row.retracts !== null && { retracts: row.retracts }),
      ...(row.supersedes !== null && { supersedes: row.supersedes }),
      ...(row.idempotency_key !== null && { idempotencyKey: row.idempotency_key }),
    });
  }
  return found;
}

function finite(value: string | number | null | undefined): number | null {
  if (value === null || value === undefined) return null;
  return Number.isFinite(Number(value)) ? Number(value) : null;
}
