import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import type { Migration } from '../postgres/migrations/migration.ts';
import { migrations as ownMigrations } from '../postgres/migrations/index.ts';
import { openTestDatabase, type TestDatabase } from '../testing/open-test-database.ts';
import { readBackup } from './backup-manifest.ts';
import { restoreBackup, writeBackup } from './index.ts';

const shop: Migration = {
  number: 1,
  name: 'shop',
  sql: `
    CREATE TABLE z_parent (id text PRIMARY KEY, note text, extra bytea, fields jsonb);
    CREATE TABLE a_child (
      id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY, parent_id text NOT NULL REFERENCES z_parent (id),
      amount_nanos int8 NOT NULL, doubled_nanos int8 GENERATED ALWAYS AS (amount_nanos * 2) STORED,
      CHECK (amount_nanos <> 0));
    CREATE TABLE use_day (day_ms int8 NOT NULL, charge_nanos int8) PARTITION BY RANGE (day_ms);
    CREATE TABLE use_day_other PARTITION OF use_day DEFAULT;
    CREATE TABLE watermark (gateway_id text PRIMARY KEY, segment int8, byte_offset int8);
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'append only'; END $$;
    CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON use_day FOR EACH ROW
      WHEN (pg_trigger_depth() > 5) EXECUTE FUNCTION refuse();
    CREATE TRIGGER no_truncate BEFORE TRUNCATE ON a_child EXECUTE FUNCTION refuse();`,
};

const hostile = ['\\.', '\\.\n\\.\n', 'a\tb\nc\\d', '', 'ünï\u{1f600}', '\\N', null];

describe('backup and restore', { timeout: 60_000 }, () => {
  let home: string;
  let open: TestDatabase[];
  const openEmpty = async (migrations: readonly Migration[] = []): Promise<TestDatabase> => {
    const test = await openTestDatabase({ migrations });
    open.push(test);
    return test;
  };
  const openShop = async (): Promise<TestDatabase> => {
    const test = await openEmpty([shop]);
    const { db } = test.database;
    for (const [index, note] of hostile.entries()) {
      await sql`INSERT INTO z_parent VALUES (${`p${index}`}, ${note}, ${Buffer.from([0, 92, 46, 10])}, ${{ a: note }})`.execute(
        db,
      );
    }
    await sql`INSERT INTO a_child (parent_id, amount_nanos)
      SELECT 'p' || n % 7, n * 1000000007::int8 FROM generate_series(1, 5000) AS n`.execute(db);
    await sql`CREATE TABLE use_day_1 PARTITION OF use_day FOR VALUES FROM (0) TO (100)`.execute(db);
    await sql`INSERT INTO use_day VALUES (5, 7), (500, NULL)`.execute(db);
    await sql`INSERT INTO watermark VALUES ('gw1', 3, 4096)`.execute(db);
    return test;
  };

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'switchyard-backup-'));
    open = [];
    mkdirSync(join(home, 'journal', 'gw1'), { recursive: true });
    writeFileSync(join(home, 'journal', 'gw1', 'facts-0000000003.log'), 'facts');
    writeFileSync(join(home, 'journal', 'gw1', 'lock'), 'not to be copied');
  });
  afterEach(async () => {
    for (const test of open) await test.close();
    rmSync(home, { recursive: true, force: true });
  });

  const save = async (test: TestDatabase): Promise<string> => {
    const to = join(home, 'backup');
    await writeBackup({ url: test.url, to, journalFolder: join(home, 'journal'), clock: systemClock });
    return to;
  };

  it('[storage fault 15] bring back every row, sum, sequence, partition and segment', async () => {
    const from = await save(await openShop());
    const target = await openEmpty();
    const journalFolder = join(home, 'restored');
    const manifest = await restoreBackup({
      from,
      url: target.url,
      journalFolder,
      clock: systemClock,
      migrations: [shop],
    });
    expect(manifest.tables.find(({ name }) => name === 'a_child')).toEqual({
      name: 'a_child',
      rows: '5000',
      sums: { amount_nanos: String((5000n * 5001n * 1000000007n) / 2n) },
    });
    expect(manifest.watermarks).toEqual(['{"segment": 3, "gateway_id": "gw1", "byte_offset": 4096}']);
    const { db } = target.database;
    const parents = await sql<{
      note: string | null;
      fields: unknown;
    }>`SELECT note, fields FROM z_parent ORDER BY id`.execute(db);
    expect(parents.rows).toEqual(hostile.map((note) => ({ note, fields: { a: note } })));
    const next = await sql`INSERT INTO a_child (parent_id, amount_nanos) VALUES ('p1', 1) RETURNING id`.execute(db);
    expect(next.rows).toEqual([{ id: 5001n }]);
    expect((await sql`SELECT tableoid::regclass::text AS part FROM use_day ORDER BY day_ms`.execute(db)).rows).toEqual([
      { part: 'use_day_1' },
      { part: 'use_day_other' },
    ]);
    await expect(sql`TRUNCATE a_child`.execute(db)).rejects.toThrow('append only');
    expect(readFileSync(join(journalFolder, 'gw1', 'facts-0000000003.log'), 'utf8')).toBe('facts');
    expect(readdirSync(join(journalFolder, 'gw1'))).toEqual(['facts-0000000003.log']);
  });

  it('keep every byte of more rows than fit into the memory between server and file', async () => {
    const source = await openEmpty([shop]);
    await sql`INSERT INTO z_parent (id, note)
      SELECT 'p' || n, repeat(md5(n::text), 10) FROM generate_series(1, 20000) AS n`.execute(source.database.db);
    const target = await openEmpty();
    await restoreBackup({ from: await save(source), url: target.url, clock: systemClock, migrations: [shop] });
    const fingerprint = sql`SELECT md5(string_agg(id || note, ',' ORDER BY id)) AS hash FROM z_parent`;
    const [before, after] = await Promise.all([source, target].map(({ database }) => fingerprint.execute(database.db)));
    expect(after?.rows).toEqual(before?.rows);
  });

  it('[storage fault 15] hold one moment even while rows are written', async () => {
    const test = await openShop();
    let writing = true;
    const writer = (async () => {
      while (writing) {
        // Both or neither: a backup that sees one without the other has not seen one moment.
        await sql`WITH child AS (INSERT INTO a_child (parent_id, amount_nanos) VALUES ('p1', 1) RETURNING 1)
          INSERT INTO use_day SELECT 6, 1 FROM child`.execute(test.database.db);
      }
    })();
    const to = join(home, 'backup');
    const { tables } = await writeBackup({ url: test.url, to, clock: systemClock });
    writing = false;
    await writer;
    const rowsOf = (table: string): number => Number(tables.find(({ name }) => name === table)?.rows);
    expect(rowsOf('a_child') - 5000).toBe(rowsOf('use_day') - 2);
  });

  it('of an older program become those of this one', async () => {
    const from = await save(await openShop());
    const target = await openEmpty();
    const newer: Migration = {
      number: 2,
      name: 'newer',
      sql: "ALTER TABLE a_child ADD COLUMN kind text DEFAULT 'new'",
    };
    await restoreBackup({ from, url: target.url, clock: systemClock, migrations: [shop, newer] });
    expect((await sql`SELECT count(*) FROM a_child WHERE kind = 'new'`.execute(target.database.db)).rows).toEqual([
      { count: 5000n },
    ]);
  });

  it('of a newer program, into a used database or over another backup are refused', async () => {
    const test = await openShop();
    const from = await save(test);
    const target = await openEmpty();
    await expect(restoreBackup({ from, url: target.url, clock: systemClock, migrations: [] })).rejects.toThrow(
      'schema version 1',
    );
    await expect(restoreBackup({ from, url: test.url, clock: systemClock, migrations: [shop] })).rejects.toThrow(
      'not empty',
    );
    await expect(save(test)).rejects.toThrow('not empty');
  });

  it.each(['tables.gz', 'manifest.json', join('journal', 'gw1', 'facts-0000000003.log')])(
    'refuse a %s of which one byte has changed or which is missing',
    async (name) => {
      const from = await save(await openShop());
      const path = join(from, name);
      const bytes = readFileSync(path);
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
      writeFileSync(path, bytes);
      await expect(readBackup(from)).rejects.toThrow('is damaged');
      rmSync(path);
      await expect(readBackup(from)).rejects.toThrow('is missing');
    },
  );

  it('leave an empty database behind when the sums are not what they were', async () => {
    const from = await save(await openShop());
    const target = await openEmpty();
    const doubling: Migration = {
      ...shop,
      sql: `${shop.sql} ALTER TABLE use_day ADD COLUMN extra_nanos int8 DEFAULT 5`,
    };
    const manifest = JSON.parse(readFileSync(join(from, 'manifest.json'), 'utf8').split('\n').slice(0, -2).join('\n'));
    const { createHash } = await import('node:crypto');
    const checksum = createHash('sha256').update(doubling.sql).digest('hex');
    const body = JSON.stringify({ ...manifest, migrations: [{ number: 1, checksum }] });
    writeFileSync(join(from, 'manifest.json'), `${body}\n${createHash('sha256').update(body).digest('hex')}\n`);
    await expect(restoreBackup({ from, url: target.url, clock: systemClock, migrations: [doubling] })).rejects.toThrow(
      'table use_day',
    );
    expect((await sql`SELECT count(*) FROM a_child`.execute(target.database.db)).rows).toEqual([{ count: 0n }]);
  });

  it('[storage fault 15] cover the whole schema of the product', async () => {
    const source = await openTestDatabase();
    open.push(source);
    const { db } = source.database;
    await sql`INSERT INTO customer (id, display_name, status, source, created_at_ms, updated_at_ms)
      VALUES ('acme', 'Acme', 'active', 'api', 1, 1)`.execute(db);
    const from = await save(source);
    const target = await openEmpty();
    const manifest = await restoreBackup({ from, url: target.url, clock: systemClock });
    expect(manifest.migrations).toHaveLength(ownMigrations.length);
    expect(manifest.tables.map(({ name }) => name)).toContain('ledger_entry');
    expect(
      (await sql`SELECT display_name AS name FROM customer WHERE id = 'acme'`.execute(target.database.db)).rows,
    ).toEqual([{ name: 'Acme' }]);
  });
});
