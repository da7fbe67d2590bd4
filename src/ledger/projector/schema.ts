import { type Kysely, sql } from 'kysely';
import type { Tables } from '../../storage/index.ts';

/** Lets a transaction find the tables of another schema first; what it lacks is found in the usual one. */
export async function useSchema(trx: Kysely<Tables>, schema: string | undefined): Promise<void> {
  if (schema === undefined) return;
  await sql`SELECT set_config('search_path', ${`${schema}, public`}, true)`.execute(trx);
}
