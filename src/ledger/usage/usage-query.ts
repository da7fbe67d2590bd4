import { type RawBuilder, sql } from 'kysely';
import { marginNanos } from '../../domain/charges/margin.ts';
import { type UsageBuckets, usageBuckets } from '../../domain/rating/usage.ts';
import type { Database } from '../../storage/index.ts';
import { LedgerError } from '../ledger-error.ts';
import { dayMs, slotLengthMs } from '../projector/sums/time-slots.ts';
import { unitColumns } from '../projector/sums/use-sum.ts';
import { decodeCursor, encodeCursor } from './page-cursor.ts';
import { isRegularZone, localStart } from './local-time.ts';

/** What usage can be grouped and filtered by. */
export const usageDimensions = ['customer', 'key', 'job', 'model', 'host', 'endUser', 'feature', 'project'] as const;
/** A dimension of usage. */
export type UsageDimension = (typeof usageDimensions)[number];

/** A question about usage. */
export interface UsageQuery {
  readonly fromMs: number;
  readonly toMs: number;
  readonly groupBy?: readonly UsageDimension[] | undefined;
  readonly every?: 'hour' | 'day' | 'month' | undefined;
  /** Zone of the days and months, an IANA name; UTC when absent. */
  readonly timeZone?: string | undefined;
  readonly where?: { readonly [Dimension in UsageDimension]?: string | undefined } | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** Sums of one group. */
export interface UsageRow {
  /** Start of the hour, day or month; absent when the question was about the whole time. */
  readonly atMs?: number;
  readonly dimensions: { readonly [Dimension in UsageDimension]?: string };
  readonly requests: bigint;
  readonly failed: bigint;
  readonly aborted: bigint;
  readonly cacheHits: bigint;
  readonly attempts: bigint;
  /** Requests whose cost or charge is unknown; no amount here includes them. */
  readonly unpriced: bigint;
  readonly estimated: bigint;
  readonly units: { readonly [Bucket in keyof UsageBuckets]-?: bigint };
  readonly costNanos: bigint;
  readonly chargeNanos: bigint;
  readonly marginNanos: bigint;
  readonly savedNanos: bigint;
  readonly absorbedNanos: bigint;
  readonly wasteNanos: bigint;
  readonly estimatedCostNanos: bigint;
  readonly estimatedChargeNanos: bigint;
}

/** A page of rows. */
export interface UsagePage {
  readonly rows: readonly UsageRow[];
  /** Ask again with it for what follows; absent on the last page. */
  readonly nextCursor?: string;
}

const columnOf: { readonly [Dimension in UsageDimension]: string } = {
  customer: 'customer',
  key: 'key_name',
  job: 'job',
  model: 'model',
  host: 'host',
  endUser: 'end_user',
  feature: 'feature',
  project: 'project',
};
/** End users are kept by customer and job only: more dimensions would be as many rows as requests. */
const endUserDimensions: ReadonlySet<UsageDimension> = new Set(['customer', 'job', 'endUser']);
const defaultLimit = 100;
const largestLimit = 1000;

const sums = [
  'requests',
  'failed',
  'aborted',
  'cache_hits',
  'attempts',
  'unpriced',
  'estimated',
  ...usageBuckets.map((bucket) => unitColumns[bucket]),
  'cost_nanos',
  'charge_nanos',
  'saved_nanos',
  'absorbed_nanos',
  'waste_nanos',
  'estimated_cost_nanos',
  'estimated_charge_nanos',
];

/**
 * Adds up usage over a time, by any dimensions, from rollups alone. Whole days of UTC come from daily rows and the rest
 * from slots of 15 minutes, so periods in every time zone are exact.
 */
export async function usage({ db }: Pick<Database, 'db'>, query: UsageQuery): Promise<UsagePage> {
  checkQuery(query);
  const groupBy = query.groupBy ?? [];
  const limit = Math.min(largestLimit, Math.max(1, query.limit ?? defaultLimit));
  const after = decodeCursor(query.cursor);
  const keys = [...(query.every === undefined ? [] : ['at_ms']), ...groupBy.map((dimension) => columnOf[dimension])];
  const list = sql.raw([...keys, ...sums.map((column) => `sum(${column}) AS ${column}`)].join(', '));
  const grouped = keys.length === 0 ? sql`` : sql`GROUP BY ${sql.raw(keys.join(', '))}`;
  const ordered = keys.length === 0 ? sql`` : sql`ORDER BY ${sql.raw(keys.join(', '))}`;
  const { rows } = await sql<Record<string, bigint | string | null>>`
    SELECT ${list} FROM (${sourceOf(query, groupBy)}) AS source ${afterPage(keys, after)} ${grouped} ${ordered}
    LIMIT ${limit + 1}`.execute(db);
  const page = rows.filter(({ requests }) => requests !== null).slice(0, limit);
  const last = page.at(-1);
  return {
    rows: page.map((row) => toRow(row, groupBy)),
    ...(rows.length > limit && last && { nextCursor: encodeCursor(keys.map((key) => String(last[key]))) }),
  };
}

function checkQuery({ fromMs, toMs, timeZone, every, where, groupBy }: UsageQuery): void {
  if (!Number.isSafeInteger(fromMs) || !Number.isSafeInteger(toMs) || fromMs >= toMs) {
    throw new LedgerError('invalid', 'the time must begin before it ends');
  }
  if (timeZone !== undefined && !isRegularZone(timeZone)) throw new LedgerError('invalid', `no time zone ${timeZone}`);
  const asked = [...(groupBy ?? []), ...usageDimensions.filter((dimension) => where?.[dimension] !== undefined)];
  if (!asked.includes('endUser')) {
    if (fromMs % slotLengthMs !== 0 || toMs % slotLengthMs !== 0) {
      throw new LedgerError('invalid', 'usage begins and ends on a quarter of an hour');
    }
    return;
  }
  const unknown = asked.find((dimension) => !endUserDimensions.has(dimension));
  if (unknown !== undefined) throw new LedgerError('invalid', `usage of end users is not kept by ${unknown}`);
  if (fromMs % dayMs !== 0 || toMs % dayMs !== 0 || every === 'hour') {
    throw new LedgerError('invalid', 'usage of end users is kept by day of UTC');
  }
}

/** The rows to add up, from the coarsest tables that answer exactly. */
function sourceOf(query: UsageQuery, groupBy: readonly UsageDimension[]): RawBuilder<unknown> {
  const { fromMs, toMs, where } = query;
  const part = (table: string, time: string, span: readonly [number, number]): RawBuilder<unknown> => {
    const wanted = usageDimensions.flatMap((dimension) => {
      const value = where?.[dimension];
      return value === undefined ? [] : [sql`AND ${sql.ref(columnOf[dimension])} = ${value}`];
    });
    const names = [...new Set(groupBy.map((dimension) => columnOf[dimension]))];
    const columns = sql.raw([...names, ...sums].join(', '));
    const at = query.every === undefined ? sql`` : sql`${startOf(query, time)} AS at_ms,`;
    return sql`SELECT ${at} ${columns} FROM ${sql.table(table)}
      WHERE ${sql.ref(time)} >= ${span[0]} AND ${sql.ref(time)} < ${span[1]} ${sql.join(wanted, sql` `)}`;
  };
  if (groupBy.includes('endUser') || where?.endUser !== undefined)
    return part('end_user_day', 'day_ms', [fromMs, toMs]);
  const firstDay = Math.ceil(fromMs / dayMs) * dayMs;
  const lastDay = Math.floor(toMs / dayMs) * dayMs;
  const isByDay = query.every !== 'hour' && (query.every === undefined || isUtc(query.timeZone));
  if (!isByDay || lastDay <= firstDay) return part('usage_slot', 'slot_ms', [fromMs, toMs]);
  const parts = [part('usage_day', 'day_ms', [firstDay, lastDay])];
  if (fromMs < firstDay) parts.push(part('usage_slot', 'slot_ms', [fromMs, firstDay]));
  if (lastDay < toMs) parts.push(part('usage_slot', 'slot_ms', [lastDay, toMs]));
  return sql.join(parts, sql` UNION ALL `);
}

function startOf({ every, timeZone = 'UTC', fromMs, toMs }: UsageQuery, time: string): RawBuilder<unknown> {
  if (every === 'hour') return sql`${sql.ref(time)} / 3600000 * 3600000`;
  if (every === 'day' && isUtc(timeZone)) return sql`${sql.ref(time)} / 86400000 * 86400000`;
  return localStart(time, { fromMs, toMs, unit: every === 'month' ? 'month' : 'day', timeZone });
}

function isUtc(timeZone: string | undefined): boolean {
  return timeZone === undefined || timeZone === 'UTC';
}

function afterPage(keys: readonly string[], after: readonly string[] | undefined): RawBuilder<unknown> {
  if (after === undefined) return sql``;
  if (after.length !== keys.length) throw new LedgerError('invalid', 'this cursor belongs to another question');
  const values = after.map((value, index) => (keys[index] === 'at_ms' ? sql`${value}::bigint` : sql`${value}::text`));
  return sql`WHERE (${sql.raw(keys.join(', '))}) > (${sql.join(values)})`;
}

function toRow(
  row: { readonly [column: string]: bigint | string | null },
  groupBy: readonly UsageDimension[],
): UsageRow {
  const sum = (column: string): bigint => BigInt(row[column] ?? 0n);
  const costNanos = sum('cost_nanos');
  const chargeNanos = sum('charge_nanos');
  const units = Object.fromEntries(usageBuckets.map((bucket) => [bucket, sum(unitColumns[bucket])]));
  return {
    ...(row['at_ms'] !== undefined && { atMs: Number(row['at_ms']) }),
    dimensions: Object.fromEntries(groupBy.map((dimension) => [dimension, String(row[columnOf[dimension]] ?? '')])),
    requests: sum('requests'),
    failed: sum('failed'),
    aborted: sum('aborted'),
    cacheHits: sum('cache_hits'),
    attempts: sum('attempts'),
    unpriced: sum('unpriced'),
    estimated: sum('estimated'),
    units: units as UsageRow['units'],
    costNanos,
    chargeNanos,
    marginNanos: marginNanos(chargeNanos, costNanos) ?? 0n,
    savedNanos: sum('saved_nanos'),
    absorbedNanos: sum('absorbed_nanos'),
    wasteNanos: sum('waste_nanos'),
    estimatedCostNanos: sum('estimated_cost_nanos'),
    estimatedChargeNanos: sum('estimated_charge_nanos'),
  };
}
