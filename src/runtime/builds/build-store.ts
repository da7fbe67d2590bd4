import { sql } from 'kysely';
import type { Database } from '../../storage/index.ts';
import { toColumn } from '../fixes/stored-json.ts';
import type { BuildRecord } from './build-types.ts';

/** Older builds are forgotten first. */
const mostBuilds = 5000;

/** Keeps a build that ended. */
export async function saveBuild({ db }: Pick<Database, 'db'>, build: BuildRecord): Promise<void> {
  const { buildId, customer, startedAtMs } = build;
  await db
    .insertInto('build')
    .values({
      build_id: buildId,
      customer,
      started_at_ms: BigInt(startedAtMs),
      record: toColumn(build),
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await sql`
    DELETE FROM build WHERE build_id IN (
      SELECT build_id FROM build ORDER BY started_at_ms DESC, build_id DESC OFFSET ${mostBuilds}
    )`.execute(db);
}

/** A build that ended; undefined for one that nobody knows. */
export async function findBuild({ db }: Pick<Database, 'db'>, buildId: string): Promise<BuildRecord | undefined> {
  const row = await db.selectFrom('build').select('record').where('build_id', '=', buildId).executeTakeFirst();
  return row?.record as BuildRecord | undefined;
}
