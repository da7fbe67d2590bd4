import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../platform/clock.ts';
import { silentLogger } from '../../../platform/logger.ts';
import { openDatabase } from '../open-database.ts';

describe('PGlite', { timeout: 120_000 }, () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'switchyard-pglite-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('holds the schema of the product, warns at the start, and is opened once at a time', async () => {
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (_fields: object, message: string) => void warnings.push(message) };
    const options = { folder, engine: 'pglite' as const, clock: systemClock, logger };
    const database = await openDatabase(options);
    expect(database.engine).toBe('pglite');
    expect(warnings.join()).toContain('never waits for the disk');
    await expect(openDatabase(options)).rejects.toThrow('in use by process');
    const { rows } =
      await sql`SELECT sum(v) AS total, array_agg(v) AS list FROM (VALUES (9007199254740993::int8)) AS t(v)`.execute(
        database.db,
      );
    expect(rows).toEqual([{ total: 9007199254740993n, list: [9007199254740993n] }]);
    await expect(
      database.db.transaction().execute(async (transaction) => {
        await sql`CREATE TABLE gone (id int8)`.execute(transaction);
        throw new Error('taken back');
      }),
    ).rejects.toThrow('taken back');
    await expect(sql`SELECT * FROM gone`.execute(database.db)).rejects.toThrow('does not exist');
    const heard: string[] = [];
    const stop = await database.listen('keys', (payload) => heard.push(payload));
    await database.notify('keys', 'revoked');
    expect(heard).toEqual(['revoked']);
    await stop();
    expect(await database.withLeader('x', () => database.withLeader('x', async () => 'second'))).toBeUndefined();
    await database.close();
    const again = await openDatabase(options);
    expect((await sql`SELECT count(*) > 0 AS any FROM schema_migration`.execute(again.db)).rows).toEqual([
      { any: true },
    ]);
    await again.close();
  });
});
