import { sql } from 'kysely';
import type { Database } from '../../storage/index.ts';
import { expiredPartitions, type Partition, partitionedTables } from './partitions.ts';

/**
 * Drops the parts of rollups that are older than they are kept; work of the leader, once an hour. Exchanges of a dropped
 * day are forgotten, so the horizon moves in the same transaction: nobody takes them for new afterwards.
 */
export async function dropExpired({ db }: Pick<Database, 'db'>, nowMs: number): Promise<readonly Partition[]> {
  const dropped: Partition[] = [];
  for (const table of Object.keys(partitionedTables)) {
    for (const partition of await expiredPartitions(db, table, nowMs)) {
      await db.transaction().execute(async (trx) => {
        await sql`SET LOCAL lock_timeout = 2000`.execute(trx);
        if (table === 'exchange_recent') {
          await sql`UPDATE watermark SET horizon_ms = greatest(horizon_ms, ${partition.toMs})`.execute(trx);
        }
        await sql`DROP TABLE IF EXISTS ${sql.table(partition.name)}`.execute(trx);
      });
      dropped.push(partition);
    }
  }
  return dropped;
}
