import type { Database } from '../../storage/index.ts';

/** What a host billed for some days beside what we counted. */
export interface ListedVariance {
  readonly host: string;
  /** Days since 1970-01-01; both belong. */
  readonly firstDay: number;
  readonly lastDay: number;
  readonly oursNanos: bigint;
  readonly theirsNanos: bigint;
  readonly varianceNanos: bigint;
}

/** Differences that were posted, newest first. */
export async function listVariances({ db }: Pick<Database, 'db'>, limit: number): Promise<readonly ListedVariance[]> {
  const rows = await db
    .selectFrom('reconciliation_variance')
    .selectAll()
    .orderBy('posted_at_ms', 'desc')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    host: row.host,
    firstDay: row.first_day,
    lastDay: row.last_day,
    oursNanos: row.ours_nanos,
    theirsNanos: row.theirs_nanos,
    varianceNanos: row.variance_nanos,
  }));
}

/** What hosts billed beyond our figures in the periods that were compared; null before the first bill. */
export async function totalVariance({ db }: Pick<Database, 'db'>): Promise<bigint | null> {
  const row = await db
    .selectFrom('reconciliation_variance')
    .select((part) => part.fn.sum<bigint | null>('variance_nanos').as('variance'))
    .executeTakeFirst();
  return row?.variance ?? null;
}
