import { sql } from 'kysely';
import type { FaultCode } from '../../../domain/faults/fault-codes.ts';
import type { Executor } from '../../books/post-transaction.ts';
import { type BookedAttempt, type ExchangeDimensions, outputOf } from '../books/booking.ts';
import { Histogram } from './histogram.ts';
import { KeyTree } from './key-tree.ts';
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
const performanceTables = [
  { table: 'performance_minute', startOf: minuteOf },
  { table: 'performance_hour', startOf: hourOf },
  { table: 'performance_day', startOf: dayOf },
] as const;

/** What an attempt that never ended counts as: the last cell. */
const endlessMs = Number.POSITIVE_INFINITY;
const timeouts: ReadonlySet<FaultCode> = new Set<FaultCode>(['upstream_timeout', 'deadline_exceeded']);

/** Speed and failures of a batch, by job, model and host. */
export class PerformanceSums {
  readonly #minutes = new PerformanceRows();

  add(dimensions: Pick<ExchangeDimensions, 'job' | 'model'>, attempt: BookedAttempt): void {
    const { fact } = attempt;
    if (!fact || fact.flags.includes('cancelled')) return;
    const { job, model } = dimensions;
    const row = this.#minutes.row({ atMs: minuteOf(attempt.startedAtMs), job, model, host: attempt.host });
    row.attempts += 1;
    row.costNanos += attempt.costNanos ?? 0n;
    if (fact.fault !== undefined) {
      row.failed += 1;
      if (!timeouts.has(fact.fault)) return;
      row.timeouts += 1;
      row.latency.add(endlessMs);
      return;
    }
    row.latency.add(fact.totalMs);
    if (fact.firstTokenMs === undefined) return;
    row.firstToken.add(fact.firstTokenMs);
    const outputUnits = outputOf(attempt.units);
    const writingMs = fact.totalMs - fact.firstTokenMs;
    if (outputUnits > 0 && writingMs > 0) row.outputRate.add((outputUnits * 1000) / writingMs);
  }

  /** Adds only to what an attempt cost, which is counted already. */
  addCost(dimensions: Pick<ExchangeDimensions, 'job' | 'model'>, attempt: BookedAttempt, costNanos: bigint): void {
    const { fact } = attempt;
    if (!fact || fact.flags.includes('cancelled') || costNanos === 0n) return;
    const { job, model } = dimensions;
    this.#minutes.row({ atMs: minuteOf(attempt.startedAtMs), job, model, host: attempt.host }).costNanos += costNanos;
  }

  async write(executor: Executor): Promise<void> {
    if (this.#minutes.all.length === 0) return;
    for (const { table, startOf } of performanceTables) await writeTable(executor, table, this.#rowsBy(startOf));
  }

  /** Hours and days are the sums of their minutes. */
  #rowsBy(startOf: (atMs: number) => number): readonly PerformanceRow[] {
    const rows = new PerformanceRows();
    for (const minute of this.#minutes.all) {
      const row = rows.row({ ...minute, atMs: startOf(minute.atMs) });
      row.attempts += minute.attempts;
      row.failed += minute.failed;
      row.timeouts += minute.timeouts;
      row.costNanos += minute.costNanos;
      row.latency.merge(minute.latency);
      row.firstToken.merge(minute.firstToken);
      row.outputRate.merge(minute.outputRate);
    }
    return rows.all;
  }
}

/** Rows of one length of time. */
class PerformanceRows {
  readonly all: PerformanceRow[] = [];
  readonly #tree = new KeyTree<PerformanceRow>();

  row({ atMs, job, model, host }: Pick<PerformanceRow, 'atMs' | 'job' | 'model' | 'host'>): PerformanceRow {
    return this.#tree.take([atMs, job, model, host], () => {
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
      this.all.push(row);
      return row;
    });
  }
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
