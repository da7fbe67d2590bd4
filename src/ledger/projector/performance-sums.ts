import { sql } from 'kysely';
import type { FaultCode } from '../../domain/fault-codes.ts';
import type { Executor } from '../books/post-transaction.ts';
import { type BookedAttempt, type ExchangeDimensions, outputOf } from './booking.ts';
import { Histogram } from './histogram.ts';
import { dayOf, hourOf, minuteOf } from './time-slots.ts';

interface PerformanceRow {
  readonly atMs: number;
  readonly job: string;
  readonly model: string;
  readonly host: string;
  attempts: number;
  failed: number;
  timeouts: number;
  costNanos: bigint;
  readonly latency: Histogram;
  readonly firstToken: Histogram;
  readonly outputRate: Histogram;
}

/** Rollups of speed, each by a length of time of its own. */
export const performanceTables = [
  { table: 'performance_minute', startOf: minuteOf },
  { table: 'performance_hour', startOf: hourOf },
  { table: 'performance_day', startOf: dayOf },
] as const;

/** What an attempt that never ended counts as: the last cell. */
const endlessMs = Number.POSITIVE_INFINITY;
const timeouts: ReadonlySet<FaultCode> = new Set<FaultCode>(['upstream_timeout', 'deadline_exceeded']);

/** Speed and failures of a batch, by job, model and host. */
export class PerformanceSums {
  readonly #tables = performanceTables.map(({ table, startOf }) => ({
    table,
    startOf,
    rows: new Map<string, PerformanceRow>(),
  }));

  add(dimensions: Pick<ExchangeDimensions, 'job' | 'model'>, attempt: BookedAttempt): void {
    const { fact } = attempt;
    if (!fact || fact.flags.includes('cancelled')) return;
    const isTimeout = fact.fault !== undefined && timeouts.has(fact.fault);
    const outputUnits = outputOf(attempt.units);
    const writingMs = fact.firstTokenMs === undefined ? 0 : fact.totalMs - fact.firstTokenMs;
    for (const { startOf, rows } of this.#tables) {
      const row = rowOf(rows, { atMs: startOf(attempt.startedAtMs), ...dimensions, host: attempt.host });
      row.attempts += 1;
      row.costNanos += attempt.costNanos ?? 0n;
      if (isTimeout) {
        row.timeouts += 1;
        row.latency.add(endlessMs);
      }
      if (fact.fault !== undefined) {
        row.failed += 1;
        continue;
      }
      row.latency.add(fact.totalMs);
      if (fact.firstTokenMs !== undefined) row.firstToken.add(fact.firstTokenMs);
      if (outputUnits > 0 && writingMs > 0) row.outputRate.add((outputUnits * 1000) / writingMs);
    }
  }

  /** The times of the rows of each table, which decide the partitions they need. */
  times(): ReadonlyMap<string, ReadonlySet<number>> {
    return new Map(this.#tables.map(({ table, rows }) => [table, new Set([...rows.values()].map(({ atMs }) => atMs))]));
  }

  async write(executor: Executor): Promise<void> {
    for (const { table, rows } of this.#tables)
      if (rows.size > 0) await writeTable(executor, table, [...rows.values()]);
  }
}

function rowOf(
  rows: Map<string, PerformanceRow>,
  key: Pick<PerformanceRow, 'atMs' | 'job' | 'model' | 'host'>,
): PerformanceRow {
  const { atMs, job, model, host } = key;
  const name = `${atMs}\u0001${job}\u0001${model}\u0001${host}`;
  const known = rows.get(name);
  if (known) return known;
  const row = {
    atMs,
    job,
    model,
    host,
    attempts: 0,
    failed: 0,
    timeouts: 0,
    costNanos: 0n,
    latency: new Histogram(),
    firstToken: new Histogram(),
    outputRate: new Histogram(),
  };
  rows.set(name, row);
  return row;
}

async function writeTable(executor: Executor, table: string, rows: readonly PerformanceRow[]): Promise<void> {
  const name = sql.table(table);
  const packed = (histogram: Histogram): string => `{${histogram.toPacked().join(',')}}`;
  const values = rows.map((row) => ({
    at_ms: row.atMs,
    job: row.job,
    model: row.model,
    host: row.host,
    attempts: row.attempts,
    failed: row.failed,
    timeouts: row.timeouts,
    cost_nanos: row.costNanos.toString(),
    latency: packed(row.latency),
    first_token: packed(row.firstToken),
    output_rate: packed(row.outputRate),
  }));
  await sql`
    INSERT INTO ${name} AS known (at_ms, job, model, host, attempts, failed, timeouts, cost_nanos,
      latency, first_token, output_rate)
    SELECT at_ms, job, model, host, attempts, failed, timeouts, cost_nanos,
      latency::bigint[], first_token::bigint[], output_rate::bigint[]
    FROM json_to_recordset(${JSON.stringify(values)}::json) AS r(at_ms bigint, job text, model text, host text,
      attempts bigint, failed bigint, timeouts bigint, cost_nanos bigint,
      latency text, first_token text, output_rate text)
    ORDER BY at_ms, job, model, host
    ON CONFLICT (at_ms, job, model, host) DO UPDATE SET
      attempts = known.attempts + excluded.attempts,
      failed = known.failed + excluded.failed,
      timeouts = known.timeouts + excluded.timeouts,
      cost_nanos = known.cost_nanos + excluded.cost_nanos,
      latency = add_histograms(known.latency, excluded.latency),
      first_token = add_histograms(known.first_token, excluded.first_token),
      output_rate = add_histograms(known.output_rate, excluded.output_rate)`.execute(executor);
}
