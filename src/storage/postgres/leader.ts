import { createHash } from 'node:crypto';
import type pg from 'pg';

/** Runs the work while holding the name's advisory lock on a connection of its own; undefined when somebody else does. */
export async function withLeader<T>(
  pool: pg.Pool,
  name: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const client = await pool.connect();
  const lost = new AbortController();
  const onLoss = (): void => lost.abort(new Error(`the leadership "${name}" was lost with its connection`));
  client.once('end', onLoss);
  try {
    const lock = lockNumber(name);
    const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [lock]);
    if (rows[0]?.taken !== true) return undefined;
    try {
      return await work(lost.signal);
    } finally {
      if (!lost.signal.aborted) await client.query('SELECT pg_advisory_unlock($1)', [lock]);
    }
  } finally {
    client.off('end', onLoss);
    client.release(lost.signal.aborted);
  }
}

/** Advisory locks have numbers; 63 bits of a hash keep names apart. */
function lockNumber(name: string): bigint {
  return createHash('sha256').update(`switchyard leader ${name}`).digest().readBigInt64BE(0);
}
