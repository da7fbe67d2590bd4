import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Tables } from './tables/index.ts';

/** Tables whose rows are work for whichever gateway is free. */
export type WorkTable = 'eval_run' | 'fix';

/** Who takes work up, and for how long unless it tells. */
export interface NewClaim {
  readonly by: string;
  readonly nowMs: number;
  readonly untilMs: number;
  /** More columns to set for work that is taken up: `column = value, ...`. */
  readonly alsoSet?: RawBuilder<unknown>;
}

interface Connection {
  readonly db: Kysely<Tables>;
}

/** Takes up the oldest work that nobody does; what a gone worker began is taken up again. Undefined for no work. */
export async function claimWork(
  { db }: Connection,
  table: WorkTable,
  { by, nowMs, untilMs, alsoSet }: NewClaim,
): Promise<string | undefined> {
  const also = alsoSet === undefined ? sql`` : sql`, ${alsoSet}`;
  const { rows } = await sql<{ id: string }>`
    UPDATE ${sql.table(table)} SET state = 'running', claimed_by = ${by}, claimed_until_ms = ${untilMs} ${also}
    WHERE id = (
      SELECT id FROM ${sql.table(table)}
      WHERE state = 'queued' OR (state = 'running' AND claimed_until_ms < ${nowMs})
      ORDER BY created_at_ms LIMIT 1 FOR UPDATE SKIP LOCKED
    ) RETURNING id`.execute(db);
  return rows[0]?.id;
}

/** Says that the work goes on; false when it was stopped or another has it. */
export async function extendClaim(
  { db }: Connection,
  table: WorkTable,
  { id, by, untilMs }: { readonly id: string; readonly by: string; readonly untilMs: number },
): Promise<boolean> {
  const { rows } = await sql`
    UPDATE ${sql.table(table)} SET claimed_until_ms = ${untilMs}
    WHERE id = ${id} AND claimed_by = ${by} AND state = 'running' RETURNING id`.execute(db);
  return rows.length > 0;
}
