import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestTerminal, type TestTerminal } from '../../../../test/cli/test-terminal.ts';
import { systemClock } from '../../../platform/clock.ts';
import { silentLogger } from '../../../platform/logger.ts';
import { openDatabase } from '../../../storage/index.ts';
import { main } from '../../index.ts';

describe('the commands of the database', { timeout: 120_000 }, () => {
  let home: string;
  let terminal: TestTerminal;
  let config: string;

  const open = (data: string) =>
    openDatabase({ folder: join(home, data, 'postgres'), clock: systemClock, logger: silentLogger });
  const plantConfig = (text: string): string => {
    writeFileSync(config, text);
    return config;
  };
  /** Each command has its own terminal. */
  const run = async (...words: string[]): Promise<number> => {
    terminal = createTestTerminal({});
    return main([...words, '--config', config], terminal);
  };

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'switchyard-commands-'));
    config = join(home, 'switchyard.yaml');
    plantConfig('database: embedded\n');
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  it('[storage fault 15] save a running product and bring it back into a new folder', async () => {
    const data = join(home, 'data');
    const restored = join(home, 'restored');
    const backup = join(home, 'backup');
    const database = await open('data');
    await sql`INSERT INTO customer (id, display_name, status, source, created_at_ms, updated_at_ms)
      VALUES ('acme', 'Acme', 'active', 'api', 1, 1)`.execute(database.db);
    mkdirSync(join(data, 'journal', 'gw1'), { recursive: true });
    writeFileSync(join(data, 'journal', 'gw1', 'facts-0000000001.log'), 'facts');
    expect(await run('backup', backup, '--data', data)).toBe(0);
    expect(terminal.stdout()).toMatch(/^\d+ rows of \d+ tables and 1 journal segments saved to /);
    // The command left the product's server alone.
    expect((await sql`SELECT 1 AS one`.execute(database.db)).rows).toEqual([{ one: 1 }]);
    await database.close();

    expect(await run('restore', backup, '--data', data)).toBe(1);
    expect(terminal.stderr()).toContain('is not empty: restore into a new data folder');
    expect(await run('restore', backup, '--data', restored)).toBe(0);
    expect(existsSync(join(restored, 'journal', 'gw1', 'facts-0000000001.log'))).toBe(true);
    const again = await open('restored');
    expect((await sql`SELECT display_name FROM customer WHERE id = 'acme'`.execute(again.db)).rows).toEqual([
      { display_name: 'Acme' },
    ]);
    await again.close();

    rmSync(restored, { recursive: true });
    writeFileSync(join(backup, 'tables.gz'), 'not what was written');
    expect(await run('restore', backup, '--data', restored)).toBe(1);
    expect(terminal.stderr()).toContain('is damaged: tables.gz is not what was written');
    expect(existsSync(join(restored, 'postgres'))).toBe(false);
  });

  it('say when there is no database', async () => {
    expect(await run('backup', join(home, 'backup'), '--data', join(home, 'none'))).toBe(1);
    expect(terminal.stderr()).toContain('there is no database in');
    plantConfig('database: off\n');
    expect(await run('backup', join(home, 'backup'))).toBe(1);
    expect(terminal.stderr()).toContain('database: off');
    plantConfig('database: env:NOT_SET_ANYWHERE\n');
    expect(await run('backup', join(home, 'backup'))).toBe(1);
    expect(terminal.stderr()).toContain('env:NOT_SET_ANYWHERE');
  });

  it('tell which database would run, and why', async () => {
    expect(await run('doctor', '--data', join(home, 'data'))).toBe(0);
    expect(terminal.stdout()).toMatch(/database +ok +embedded Postgres 18\.4\S*, started /);
    expect(existsSync(join(home, 'data'))).toBe(false);
    plantConfig('database: pglite\n');
    expect(await run('doctor', '--json')).toBe(1);
    expect(JSON.parse(terminal.stdout())).toMatchObject({ ok: false });
  });
});
