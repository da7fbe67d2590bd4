import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { openTestDatabase, type TestDatabase } from '../testing/open-test-database.ts';
import { migrate, type SqlSession } from './migrate.ts';
import type { Migration } from './migrations/migration.ts';

const one: Migration = { number: 1, name: 'one', sql: 'CREATE TABLE first (id int8); INSERT INTO first VALUES (1)' };
const two: Migration = { number: 2, name: "two's", sql: 'CREATE TABLE second (id int8); INSERT INTO first VALUES (2)' };

describe('migrations', { timeout: 60_000 }, () => {
  let test: TestDatabase;
  let clients: pg.Client[];

  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: test.url });
    clients.push(client);
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  /** A session that fails like a lost process before the statement of the given number. */
  const session = (client: pg.Client, failsAt = Number.POSITIVE_INFINITY): SqlSession => {
    let count = 0;
    return {
      run: async (sql) => {
        count++;
        if (count >= failsAt) throw new Error('killed');
        const result: pg.QueryResult | pg.QueryResult[] = await client.query(sql);
        return (Array.isArray(result) ? result.at(-1) : result)?.rows ?? [];
      },
    };
  };
  const run = async (migrations: readonly Migration[]): Promise<number[]> =>
    migrate(session(await connect()), { migrations, clock: systemClock, lockTimeoutMs: 50, retryAfterMs: 20 });

  beforeEach(async () => {
    clients = [];
    test = await openTestDatabase({ migrations: [] });
  });
  afterEach(async () => {
    for (const client of clients) await client.end();
    await test.close();
  });

  it('are applied once, in order, and recorded', async () => {
    expect(await run([one])).toEqual([1]);
    expect(await run([one, two])).toEqual([2]);
    expect(await run([one, two])).toEqual([]);
    const { rows } = await (await connect()).query('SELECT number, name FROM schema_migration ORDER BY number');
    expect(rows).toEqual([
      { number: 1, name: 'one' },
      { number: 2, name: "two's" },
    ]);
  });

  it('[storage fault 14] cut off before any statement go on where they were', async () => {
    for (let failsAt = 1; ; failsAt++) {
      const client = await connect();
      const outcome = await migrate(session(client, failsAt), { migrations: [one, two], clock: systemClock }).catch(
        (error: Error) => error.message,
      );
      await client.end();
      if (Array.isArray(outcome)) break;
      expect(outcome).toBe('killed');
    }
    await run([one, two]);
    const { rows } = await (await connect()).query('SELECT id::int FROM first ORDER BY id');
    expect(rows).toEqual([{ id: 1 }, { id: 2 }]);
  });

  it('of two processes at once are applied by one of them', async () => {
    const applied = await Promise.all([run([one, two]), run([one, two]), run([one, two])]);
    expect(applied.flat().toSorted()).toEqual([1, 2]);
  });

  it('that a newer program has applied make this one refuse', async () => {
    await run([one, two]);
    await expect(run([one])).rejects.toThrow('the database has schema version 2, this program knows 1');
  });

  it('whose SQL differs from what was applied are refused', async () => {
    await run([one]);
    await expect(run([{ ...one, sql: 'CREATE TABLE first (id int4)' }])).rejects.toThrow('migration 1 (one)');
  });

  it('wait for a lock only briefly and try again, so that traffic behind them goes on', async () => {
    await run([one]);
    const holder = await connect();
    await holder.query('BEGIN; LOCK TABLE first IN ACCESS SHARE MODE');
    const altering = run([one, { number: 2, name: 'alter', sql: 'ALTER TABLE first ADD COLUMN extra int8' }]);
    const other = await connect();
    expect((await other.query('SELECT id::int FROM first')).rows).toEqual([{ id: 1 }]);
    await holder.query('COMMIT');
    expect(await altering).toEqual([2]);
  });

  it('outside a transaction may build an index concurrently', async () => {
    const sql = 'CREATE INDEX CONCURRENTLY IF NOT EXISTS first_id ON first (id)';
    expect(await run([one, { number: 3, name: 'index', sql, outsideTransaction: true }])).toEqual([1, 3]);
  });

  it('have growing numbers', async () => {
    await expect(run([two, one])).rejects.toThrow('migration one has number 1 behind 2');
  });
});
