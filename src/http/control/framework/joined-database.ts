import { type Kysely, sql, type Transaction } from 'kysely';
import type { Database } from '../../../storage/index.ts';

type Tables = Database['db'] extends Kysely<infer Named> ? Named : never;

/**
 * Runs the work in one transaction. The database it gets is the same handle for repositories, except that their own
 * transactions become parts of this one (savepoints) and their notifications go out after the commit, when what they
 * announce can be seen.
 */
export async function inOneTransaction<Result>(
  database: Database,
  work: (joined: Database) => Promise<Result>,
): Promise<Result> {
  const notices: (readonly [channel: string, payload: string])[] = [];
  const result = await database.db.transaction().execute((transaction) => {
    const joined: Database = {
      db: withSavepoints(transaction),
      engine: database.engine,
      listen: (channel, listener, settings) => database.listen(channel, listener, settings),
      withLeader: (leader, lead) => database.withLeader(leader, lead),
      connectionUrl: () => database.connectionUrl(),
      isAvailable: () => database.isAvailable(),
      close: () => Promise.resolve(),
      notify(channel, payload) {
        notices.push([channel, payload]);
        return Promise.resolve();
      },
    };
    return work(joined);
  });
  for (const [channel, payload] of notices) await database.notify(channel, payload);
  return result;
}

/** Kysely refuses a transaction inside a transaction; here it is a savepoint, which fails and succeeds alone. */
function withSavepoints(transaction: Transaction<Tables>): Kysely<Tables> {
  let depth = 0;
  const nested = {
    setIsolationLevel: () => nested,
    setAccessMode: () => nested,
    async execute<Result>(work: (inner: Kysely<Tables>) => Promise<Result>): Promise<Result> {
      const savepoint = sql.id(`nested_${++depth}`);
      await sql`SAVEPOINT ${savepoint}`.execute(transaction);
      try {
        const result = await work(joined);
        await sql`RELEASE SAVEPOINT ${savepoint}`.execute(transaction);
        return result;
      } catch (error) {
        await sql`ROLLBACK TO SAVEPOINT ${savepoint}`.execute(transaction);
        throw error;
      }
    },
  };
  const joined: Kysely<Tables> = new Proxy<Kysely<Tables>>(transaction, {
    get(inner, property) {
      if (property === 'transaction') return () => nested;
      const value: unknown = Reflect.get(inner, property, inner);
      // Private fields live on the transaction itself, not on the proxy.
      return typeof value === 'function' ? (value.bind(inner) as unknown) : value;
    },
  });
  return joined;
}
