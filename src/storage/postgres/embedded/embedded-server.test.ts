import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isProcessAlive } from '../../../platform/folder-lock.ts';
import { silentLogger } from '../../../platform/logger.ts';
import { waitFor } from '../testing/wait-for.ts';
import { sharedMemoryFlags } from './server-flags.ts';
import { type EmbeddedServer, type EmbeddedSettings, startEmbeddedServer } from './embedded-server.ts';

const isRoot = process.getuid?.() === 0;

async function query(server: EmbeddedServer, sql: string): Promise<unknown[]> {
  const client = new pg.Client(server.address());
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('the embedded server', { timeout: 120_000 }, () => {
  let seed: string;
  let home: string;
  let folder: string;
  const running: EmbeddedServer[] = [];

  const start = async (settings: Partial<EmbeddedSettings> = {}): Promise<EmbeddedServer> => {
    const server = await startEmbeddedServer({ folder, logger: silentLogger, ballast: false, ...settings });
    running.push(server);
    return server;
  };

  /** Creating data takes longer than copying it. */
  const plantData = (): void => cpSync(seed, folder, { recursive: true });

  beforeAll(async () => {
    seed = mkdtempSync(join(tmpdir(), 'switchyard-seed-'));
    await (await startEmbeddedServer({ folder: seed, logger: silentLogger, ballast: false })).stop();
  });
  afterAll(() => rmSync(seed, { recursive: true, force: true }));
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'switchyard-embedded-'));
    chmodSync(home, 0o700);
    folder = join(home, 'Bücher & Löhne', 'postgres');
  });
  afterEach(async () => {
    for (const server of running.splice(0)) await server.stop();
    rmSync(home, { recursive: true, force: true });
  });

  it('[storage fault 16] starts in a closed folder with spaces and umlauts, and again with the same data', async () => {
    const first = await start();
    await query(first, "CREATE TABLE note AS SELECT 'kept' AS text");
    await first.stop();
    const second = await start();
    expect(await query(second, 'SELECT text FROM note')).toEqual([{ text: 'kept' }]);
    expect(await query(second, "SELECT current_setting('timezone') AS zone, 'ä' < 'z' AS by_code")).toEqual([
      { zone: 'UTC', by_code: false },
    ]);
  });

  it('[storage fault 10] refuses a second instance on its folder and names the first', async () => {
    plantData();
    const server = await start();
    await expect(start()).rejects.toThrow(`in use by process ${process.pid}`);
    expect(await query(server, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('starts where shared memory is tiny', async () => {
    plantData();
    expect(sharedMemoryFlags('/nowhere')).toEqual({ dynamic_shared_memory_type: 'mmap' });
    const server = await start({ flags: sharedMemoryFlags('/nowhere') });
    expect(await query(server, "SELECT current_setting('dynamic_shared_memory_type') AS type")).toEqual([
      { type: 'mmap' },
    ]);
  });

  it('asks for its password', async () => {
    plantData();
    const { host, port, user, database } = (await start()).address();
    const client = new pg.Client({ host, port, user, database, password: 'guessed' });
    await expect(client.connect()).rejects.toThrow('password authentication failed');
  });

  it('[storage fault 4] is started again after kill -9 with all that was committed', async () => {
    plantData();
    const server = await start({ restartPausesMs: [10, 10, 10] });
    await query(server, 'CREATE TABLE note AS SELECT generate_series(1, 1000) AS number');
    const pid = server.pid() ?? 0;
    process.kill(pid, 'SIGKILL');
    await waitFor(() => server.pid() !== undefined && server.pid() !== pid, 'another server');
    expect(await query(server, 'SELECT count(*)::int AS count FROM note')).toEqual([{ count: 1000 }]);
  });

  it('stays down loudly when it keeps ending', async () => {
    plantData();
    const said: string[] = [];
    const note = (_fields: object, message: string): void => void said.push(message);
    const server = await start({ restartPausesMs: [10], logger: { ...silentLogger, error: note } });
    for (const turn of [1, 2]) {
      await waitFor(() => server.pid() !== undefined, `server ${turn}`);
      process.kill(server.pid() ?? 0, 'SIGKILL');
      await waitFor(() => server.pid() === undefined, `end ${turn}`);
    }
    await waitFor(() => said.some((line) => line.includes('stays down')), 'the last word');
  });

  it('[storage fault 1] ends with the process that started it, however that died, and starts again', async () => {
    plantData();
    const script = fileURLToPath(new URL('../testing/embedded-child.ts', import.meta.url));
    for (const turn of [1, 2]) {
      const child = spawn(process.execPath, ['--import', 'tsx', script, folder], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
      const pid = Number(chunk.toString());
      expect(isProcessAlive(pid)).toBe(true);
      child.kill('SIGKILL');
      // The second turn starts while the server of the first may still be stopping.
      if (turn === 2) await waitFor(() => !isProcessAlive(pid), 'the end of the server');
    }
    expect(await query(await start(), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('[storage fault 16] removes a stale pid file whose pid belongs to somebody else by now', async () => {
    plantData();
    const data = join(folder, 'data');
    writeFileSync(join(data, 'postmaster.pid'), `${process.pid}\n${data}\n1000000000\n5432\n\n127.0.0.1\n`);
    expect(await query(await start(), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('[storage fault 16] begins anew where creating the data was cut off', async () => {
    mkdirSync(join(folder, 'data.unfinished', 'base'), { recursive: true });
    writeFileSync(join(folder, 'data.unfinished', 'PG_VERSION'), '18\n');
    expect(await query(await start(), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(existsSync(join(folder, 'data.unfinished'))).toBe(false);
  });

  it('refuses data of another major version and says what to do', async () => {
    mkdirSync(join(folder, 'data'), { recursive: true });
    writeFileSync(join(folder, 'data', 'PG_VERSION'), '17\n');
    await expect(start()).rejects.toThrow(/written by Postgres 17 and this program brings Postgres 18: make a backup/);
  });

  it.runIf(isRoot)(
    "[storage fault 16] runs as another user where namespaces are off, also from root's own folders",
    async () => {
      const stateFolder = join(tmpdir(), `switchyard-state-${process.pid}`);
      try {
        const settings = { launchers: ['other-user' as const], stateFolder };
        const first = await start(settings);
        expect(first.launcher).toBe('other-user');
        await query(first, "CREATE TABLE note AS SELECT 'kept' AS text");
        await first.stop();
        expect(readFileSync(join(folder, 'location'), 'utf8')).toContain(stateFolder);
        // Once moved it stays there, whatever else would work.
        const second = await start({ stateFolder });
        expect(second.launcher).toBe('other-user');
        expect(await query(second, 'SELECT text FROM note')).toEqual([{ text: 'kept' }]);
        await second.stop();
      } finally {
        rmSync(stateFolder, { recursive: true, force: true });
      }
    },
  );

  it.runIf(isRoot)('moves data that was created while namespaces worked', async () => {
    plantData();
    const stateFolder = join(tmpdir(), `switchyard-state-${process.pid}`);
    try {
      const first = await start();
      await query(first, "CREATE TABLE note AS SELECT 'kept' AS text");
      await first.stop();
      const second = await start({ launchers: ['other-user'], stateFolder });
      expect(await query(second, 'SELECT text FROM note')).toEqual([{ text: 'kept' }]);
      await second.stop();
    } finally {
      rmSync(stateFolder, { recursive: true, force: true });
    }
  });

  it.runIf(isRoot)('says in one sentence when no way to start it works', async () => {
    await expect(start({ launchers: [] })).rejects.toThrow('refuses to run as root');
  });

  const mountPoint = mkdtempSync(join(tmpdir(), 'switchyard-mount-'));
  const canMount = isRoot && spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', mountPoint]).status === 0;
  if (canMount) spawnSync('umount', [mountPoint]);
  rmSync(mountPoint, { recursive: true });

  it.runIf(canMount)('refuses a full disk in one sentence and leaves nothing behind', async () => {
    mkdirSync(folder, { recursive: true });
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'none', folder]);
    try {
      await expect(start()).rejects.toThrow(
        /the disk of .* is full: the database needs 192 MiB to begin, 2\d MiB are free$/,
      );
      expect(existsSync(join(folder, 'data.unfinished'))).toBe(false);
    } finally {
      spawnSync('umount', [folder]);
    }
  });

  it.runIf(canMount)('gives back its reserve when the disk is full and starts', async () => {
    mkdirSync(folder, { recursive: true });
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256m', 'none', folder]);
    try {
      plantData();
      const first = await start();
      await query(first, 'CREATE TABLE note AS SELECT generate_series(1, 1000) AS number');
      await first.stop();
      writeFileSync(join(folder, 'ballast'), Buffer.alloc(64 * 1024 * 1024, 1));
      spawnSync('sh', ['-c', 'cat /dev/zero > "$1/filler"', 'fill', folder]);
      const second = await start();
      expect(existsSync(join(folder, 'ballast'))).toBe(false);
      expect(await query(second, 'SELECT count(*)::int AS count FROM note')).toEqual([{ count: 1000 }]);
      await second.stop();
    } finally {
      spawnSync('umount', [folder]);
    }
  });
});
