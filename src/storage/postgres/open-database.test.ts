import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { sql } from 'kysely';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { silentLogger } from '../../platform/logger.ts';
import { openTestDatabase, type TestDatabase } from '../testing/open-test-database.ts';
import { databaseUrl } from '../testing/test-server.ts';
import { checkServerVersion, openDatabase } from './open-database.ts';
import { waitFor } from './testing/wait-for.ts';

describe('an open database', { timeout: 60_000 }, () => {
  let test: TestDatabase;
  let admin: pg.Client;

  /** Ends every other connection to the database of this test, as a failover would. */
  const cutConnections = async (): Promise<void> => {
    await admin.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
  };

  beforeEach(async () => {
    test = await openTestDatabase();
    admin = new pg.Client({ connectionString: test.url });
    await admin.connect();
  });
  afterEach(async () => {
    await admin.end();
    await test.close();
  });

  it('gives whole numbers as bigint, alone, in sums and in lists', async () => {
    const { rows } = await sql`SELECT 9007199254740993::int8 AS one, sum(v) AS total, array_agg(v) AS list
      FROM (VALUES (9007199254740993::int8), (1::int8)) AS t(v)`.execute(test.database.db);
    expect(rows).toEqual([{ one: 9007199254740993n, total: 9007199254740994n, list: [9007199254740993n, 1n] }]);
  });

  it('refuses sums outside int8 and fractions, instead of rounding them', async () => {
    const { db } = test.database;
    await expect(
      sql`SELECT sum(v) FROM (VALUES (9223372036854775807::int8), (1::int8)) AS t(v)`.execute(db),
    ).rejects.toThrow('outside the range of int8');
    await expect(sql`SELECT 0.5::numeric`.execute(db)).rejects.toThrow('whole number');
    expect((await sql`SELECT 1 AS one`.execute(db)).rows).toEqual([{ one: 1 }]);
  });

  it('[storage fault 12] survives the loss of all its connections', async () => {
    const { db } = test.database;
    await Promise.all([1, 2, 3].map(() => sql`SELECT pg_sleep(0.01)`.execute(db)));
    const running = sql`SELECT pg_sleep(30)`.execute(db).catch((error: Error) => error.message);
    await waitFor(async () => {
      const { rows } = await admin.query(
        "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%' AND state = 'active' AND pid <> pg_backend_pid()",
      );
      return rows.length > 0;
    }, 'the long statement');
    await cutConnections();
    expect(await running).toContain('terminating connection');
    await waitFor(
      async () =>
        sql`SELECT 1`.execute(db).then(
          () => true,
          () => false,
        ),
      'a new connection',
    );
  });

  it('tells listeners each notification, and that some may be lost after a reconnect', async () => {
    const heard: string[] = [];
    const stop = await test.database.listen('keys', (payload) => heard.push(payload));
    await test.database.notify('keys', 'revoked');
    await waitFor(() => heard.includes('revoked'), 'the notification');
    const before = heard.filter((payload) => payload === '').length;
    await cutConnections();
    await waitFor(() => heard.filter((payload) => payload === '').length > before, 'the call to look');
    await waitFor(
      async () =>
        test.database.notify('keys', 'again').then(
          () => heard.includes('again'),
          () => false,
        ),
      'again',
    );
    await stop();
    heard.length = 0;
    await test.database.notify('keys', 'unheard');
    expect(heard).toEqual([]);
  });

  it('calls listeners at an interval when told to', async () => {
    let calls = 0;
    const stop = await test.database.listen('keys', () => calls++, { pollMs: 5 });
    await waitFor(() => calls > 3, 'some polls');
    await stop();
  });

  it('lets one leader work at a time under a name', async () => {
    let finish: () => void = () => undefined;
    const first = test.database.withLeader(
      'partitions',
      () => new Promise<string>((resolve) => (finish = () => resolve('done'))),
    );
    await waitFor(
      async () => (await test.database.withLeader('partitions', async () => 'second')) === undefined,
      'the first',
    );
    expect(await test.database.withLeader('other', async () => 'works')).toBe('works');
    finish();
    expect(await first).toBe('done');
    expect(await test.database.withLeader('partitions', async () => 'next')).toBe('next');
  });

  it('[storage fault 10] tells a leader when its leadership is lost with its connection', async () => {
    let started = false;
    const work = test.database.withLeader('partitions', (signal) => {
      started = true;
      return new Promise<string>((resolve) => signal.addEventListener('abort', () => resolve('told')));
    });
    await waitFor(() => started, 'the start');
    await cutConnections();
    expect(await work).toBe('told');
    expect(await test.database.withLeader('partitions', async () => 'next')).toBe('next');
  });

  it('cancels statements that run too long', async () => {
    const impatient = await openDatabase({
      url: test.url,
      clock: systemClock,
      logger: silentLogger,
      statementTimeoutMs: 50,
    });
    await expect(sql`SELECT pg_sleep(10)`.execute(impatient.db)).rejects.toThrow('statement timeout');
    await impatient.close();
  });

  it('knows without waiting whether the server answers', async () => {
    const watched = await openDatabase({
      url: test.url,
      clock: systemClock,
      logger: silentLogger,
      watch: { intervalMs: 10 },
    });
    expect(watched.isAvailable()).toBe(true);
    const name = new URL(test.url).pathname.slice(1);
    const elsewhere = new pg.Client({ connectionString: databaseUrl(test.url, 'postgres') });
    await elsewhere.connect();
    await elsewhere.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    await cutConnections();
    await waitFor(() => !watched.isAvailable(), 'the loss');
    await elsewhere.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
    await waitFor(() => watched.isAvailable(), 'the return');
    await elsewhere.end();
    await watched.close();
  });

  it('[storage fault 12] does not wait for ever for a server that falls silent', async () => {
    const { hostname, port } = new URL(test.url);
    const silent: Socket[] = [];
    let isSilent = false;
    const relay = createServer((client) => {
      const server = connect(Number(port), hostname);
      silent.push(client, server);
      client.on('data', (bytes) => isSilent || server.write(bytes)).on('error', () => undefined);
      server.on('data', (bytes) => isSilent || client.write(bytes)).on('error', () => undefined);
    });
    await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
    const url = new URL(test.url);
    url.port = String((relay.address() as AddressInfo).port);
    const watch = { intervalMs: 10, deadlineMs: 100 };
    const far = await openDatabase({ url: url.href, clock: systemClock, logger: silentLogger, watch });
    await sql`SELECT 1`.execute(far.db);
    isSilent = true;
    await expect(sql`SELECT 2`.execute(far.db)).rejects.toThrow('does not answer');
    expect(far.isAvailable()).toBe(false);
    isSilent = false;
    await waitFor(() => far.isAvailable(), 'the return');
    expect((await sql`SELECT 3 AS three`.execute(far.db)).rows).toEqual([{ three: 3 }]);
    await far.close();
    for (const socket of silent) socket.destroy();
    relay.close();
  });

  it('[storage fault 12] that nobody serves is refused in one sentence without its password', async () => {
    const url = 'postgres://someone:hidden@127.0.0.1:1/none';
    const failure = await openDatabase({ url, clock: systemClock, logger: silentLogger }).catch(
      (error: unknown) => error,
    );
    expect(String(failure)).toBe(
      'DatabaseError: the database server at 127.0.0.1:1 cannot be used: connect ECONNREFUSED 127.0.0.1:1',
    );
  });

  it.each(['14.18 (Debian 14.18-0)', '9.6.24'])('says which version of an old server was found: %s', (version) => {
    expect(() => checkServerVersion(version)).toThrow(
      `the database server is Postgres ${version}: 15 or newer is needed`,
    );
  });

  it.each(['15.0', '18.4'])('takes a server of version %s', (version) => {
    expect(() => checkServerVersion(version)).not.toThrow();
  });
});
