import type pg from 'pg';
import type { SqlSession } from './migrate.ts';

/** A connection as a session that runs plain SQL, several statements at once if need be. */
export function sessionOf(client: pg.ClientBase): SqlSession {
  return {
    run: async (sql) => {
      const result: pg.QueryResult | pg.QueryResult[] = await client.query(sql);
      return (Array.isArray(result) ? result.at(-1) : result)?.rows ?? [];
    },
  };
}
