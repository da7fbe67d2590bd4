import { sql } from 'kysely';
import type { Database } from '../../storage/index.ts';

/** Messages of one sink in one state. */
export interface OutboxState {
  readonly sink: string;
  readonly state: string;
  readonly messages: bigint;
  readonly oldestAtMs: number;
  /** Why the last one failed; null when none did. */
  readonly lastError: string | null;
}

/** What waits for other systems, was sent, or was refused by them. */
export async function outboxStates({ db }: Pick<Database, 'db'>): Promise<readonly OutboxState[]> {
  const { rows } = await sql<{ sink: string; state: string; messages: bigint; oldest: bigint; error: string | null }>`
    SELECT sink, state, count(*) AS messages, min(occurred_at_ms)::bigint AS oldest,
      (array_agg(last_error ORDER BY occurred_at_ms DESC) FILTER (WHERE last_error IS NOT NULL))[1] AS error
    FROM outbox GROUP BY sink, state ORDER BY sink, state`.execute(db);
  return rows.map(({ sink, state, messages, oldest, error }) => {
    return { sink, state, messages, oldestAtMs: Number(oldest), lastError: error };
  });
}
