import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { Sandbox } from 'e2b';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isMissing } from '../../src/platform/read-optional-file.ts';
import { waitUntil } from '../journeys/support/wait-until.ts';
import { E2bProduct, hasSandbox, treeHash } from './e2b-product.ts';

describe.skipIf(!hasSandbox)('the unmodified e2b package', () => {
  const product = new E2bProduct();
  let sandbox: Sandbox;

  beforeAll(async () => {
    await product.boot();
    sandbox = await Sandbox.create({ metadata: { team: 'red & blue' } });
  });

  afterAll(() => product.close());

  describe('looks after sandboxes', () => {
    it('tells about one: what it was made with, how long it lives, what it has', async () => {
      const info = await sandbox.getInfo();
      expect(info).toMatchObject({
        sandboxId: sandbox.sandboxId,
        templateId: 'base',
        metadata: { team: 'red & blue' },
        state: 'running',
        envdVersion: '0.6.4',
        cpuCount: 1,
        memoryMB: 512,
        lifecycle: { onTimeout: 'kill', autoResume: false },
      });
      expect(info.endAt.getTime() - info.startedAt.getTime()).toBe(300_000);
      expect(await Sandbox.getFullInfo(sandbox.sandboxId)).toMatchObject({ allowInternetAccess: false });
      expect(await sandbox.isRunning()).toBe(true);
    });

    it('gives another time, longer or shorter', async () => {
      await sandbox.setTimeout(600_000);
      const long = (await sandbox.getInfo()).endAt.getTime();
      await Sandbox.setTimeout(sandbox.sandboxId, 300_000);
      expect((await sandbox.getInfo()).endAt.getTime()).toBeLessThan(long - 200_000);
      await expect(sandbox.setTimeout(7_200_000)).rejects.toThrow(/3600 seconds/);
    });

    it('connects to a running one, and never makes its time shorter', async () => {
      const endAt = (await sandbox.getInfo()).endAt.getTime();
      const again = await Sandbox.connect(sandbox.sandboxId, { timeoutMs: 1000 });
      expect(await again.files.exists('.')).toBe(true);
      expect((await sandbox.getInfo()).endAt.getTime()).toBe(endAt);
      await sandbox.connect({ timeoutMs: 900_000 });
      expect((await sandbox.getInfo()).endAt.getTime()).toBeGreaterThan(endAt);
    });

    it('lists in pages, by metadata, state and order', async () => {
      const others = await Promise.all(['a', 'b'].map((name) => Sandbox.create({ metadata: { name } })));
      const pages = Sandbox.list({ limit: 2 });
      const first = await pages.nextItems();
      expect([first.length, pages.hasNext]).toEqual([2, true]);
      const second = await pages.nextItems();
      expect(pages.hasNext).toBe(false);
      expect(second.map(({ sandboxId }) => sandboxId)).toEqual([sandbox.sandboxId]);
      const found = await Sandbox.list({ query: { metadata: { team: 'red & blue' } } }).nextItems();
      expect(found.map(({ sandboxId }) => sandboxId)).toEqual([sandbox.sandboxId]);
      expect(await Sandbox.list({ query: { state: ['paused'] } }).nextItems()).toEqual([]);
      for (const other of others) expect(await other.kill()).toBe(true);
      expect(await others[0]?.isRunning()).toBe(false);
      expect(await Sandbox.kill(others[1]?.sandboxId ?? '')).toBe(false);
    });

    it('measures what one uses', async () => {
      const [metric] = await sandbox.getMetrics();
      expect(metric).toMatchObject({ cpuCount: 1, memTotal: 512 * 1024 * 1024, diskTotal: 1024 ** 3 });
      expect(metric?.memUsed).toBeGreaterThan(0);
    });

    it('is refused for others: keys see, reach and end only their own', async () => {
      const apiKey = 'sk-stranger-key';
      const id = sandbox.sandboxId;
      expect(await Sandbox.list({ apiKey }).nextItems()).toEqual([]);
      await expect(Sandbox.getInfo(id, { apiKey })).rejects.toThrow('not found');
      await expect(Sandbox.connect(id, { apiKey })).rejects.toThrow('not found');
      expect(await Sandbox.kill(id, { apiKey })).toBe(false);
      await expect(Sandbox.create({ apiKey: 'sk-nobody' })).rejects.toThrow(/Unauthorized/);
      const answer = await fetch(`${product.booted.url}/files?path=x`, {
        headers: { 'e2b-sandbox-id': id, 'x-access-token': 'wrong' },
      });
      expect(answer.status).toBe(401);
    });

    it('is there for whoever runs the gateway, without what opens it', async () => {
      const other = await Sandbox.create({ metadata: { name: 'to end' } });
      const listed = await product.cli('sandboxes', 'list', '--json', '--key', 'builder');
      expect(listed).toContain(other.sandboxId);
      expect(listed).not.toContain((other as unknown as { envdAccessToken: string }).envdAccessToken);
      await product.cli('sandboxes', 'kill', other.sandboxId);
      expect(await other.isRunning()).toBe(false);
    });

    it('ends one whose time is over', async () => {
      const short = await Sandbox.create({ timeoutMs: 1000 });
      await waitUntil(async () => !(await short.isRunning()), 'it ended by itself');
      await expect(short.getInfo()).rejects.toThrow('not found');
    });

    it('refuses more than a key may have', async () => {
      const made: Sandbox[] = [];
      await expect(
        (async () => {
          for (let count = 0; count < 7; count += 1) made.push(await Sandbox.create({ retries: 0 }));
        })(),
      ).rejects.toThrow(/6 sandboxes/);
      expect(made).toHaveLength(5);
      await Promise.all(made.map((one) => one.kill()));
    });
  });

  describe('pauses', () => {
    it('and resumes with every file, and ends by itself no sooner than it should', async () => {
      const paused = await Sandbox.create({ timeoutMs: 120_000 });
      await paused.files.write([
        { path: 'a/b', data: 'kept' },
        { path: 'c', data: new Blob([Buffer.alloc(300_000, 7)]) },
      ]);
      await paused.commands.run('echo by-command > made; echo temporary > /tmp/too');
      const hash = await treeHash(paused);
      expect(await paused.pause()).toBe(true);
      expect(await paused.betaPause()).toBe(false);
      expect(await paused.isRunning()).toBe(false);
      expect((await paused.getInfo()).state).toBe('paused');
      expect(await Sandbox.list({ query: { state: ['paused'] } }).nextItems()).toHaveLength(1);
      const resumed = await Sandbox.connect(paused.sandboxId);
      expect(await treeHash(resumed)).toBe(hash);
      expect(await resumed.files.read('/tmp/too')).toBe('temporary\n');
      const info = await resumed.getInfo();
      expect(info.state).toBe('running');
      expect(info.endAt.getTime() - Date.now()).toBeGreaterThan(60_000);
      await resumed.kill();
    });

    it('by itself when its time is over, and is woken by traffic where that was asked for', async () => {
      const dozing = await Sandbox.create({ timeoutMs: 1000, lifecycle: { onTimeout: 'pause', autoResume: true } });
      await dozing.files.write('kept', 'yes');
      await waitUntil(async () => (await dozing.getInfo()).state === 'paused', 'it paused by itself');
      expect(await dozing.isRunning()).toBe(false);
      expect(await dozing.files.read('kept')).toBe('yes');
      await dozing.kill();
    });
  });

  describe('refuses with a reason', () => {
    const refused: readonly (readonly [name: string, call: () => Promise<unknown>])[] = [
      ['terminals', () => sandbox.pty.create({ cols: 80, rows: 24, onData: () => undefined })],
      ['forks', () => sandbox.fork()],
      ['snapshots', () => sandbox.createSnapshot()],
      ['lists of snapshots', () => sandbox.listSnapshots().nextItems()],
      ['ends of snapshots', () => Sandbox.deleteSnapshot('snapshot')],
      ['rules for the network', () => sandbox.updateNetwork({ allowOut: ['example.com'] })],
      ['the network', () => Sandbox.create({ allowInternetAccess: true })],
      ['an MCP gateway', () => Sandbox.create({ mcp: {} })],
      ['volumes', () => Sandbox.create({ volumeMounts: { '/data': 'volume' } })],
    ];
    it.each(refused)('%s', async (_name, call) => {
      await expect(call()).rejects.toThrow(/501/);
    });

    it('the code interpreter', async () => {
      const answer = await fetch(`${product.booted.url}/execute`, {
        method: 'POST',
        headers: { 'e2b-sandbox-id': sandbox.sandboxId, 'e2b-sandbox-port': '49999' },
      });
      expect([answer.status, await answer.text()]).toEqual([501, expect.stringContaining('code interpreter')]);
    });
  });

  describe('over a restart of the product', () => {
    it('finds every acknowledged file again, and sandboxes that ended have left nothing', async () => {
      const kept = await Sandbox.create({ timeoutMs: 600_000, metadata: { kept: 'yes' } });
      await kept.files.write([{ path: 'deep/er/file', data: 'durable' }]);
      const hash = await treeHash(kept);
      await product.reboot();
      const [found] = await Sandbox.list({ query: { metadata: { kept: 'yes' } } }).nextItems();
      expect(found).toMatchObject({ sandboxId: kept.sandboxId, state: 'running' });
      const again = await Sandbox.connect(kept.sandboxId);
      expect(await treeHash(again)).toBe(hash);
      for await (const id of product.allIds()) expect(await Sandbox.kill(id)).toBe(true);
      expect(leftovers(kept.sandboxId)).toEqual([]);
    });
  });

  /** What of a sandbox is still there: processes and mounts bear its number, and so do groups and folders. */
  function leftovers(id: string): string[] {
    const number = id.replace('sbx', '');
    const data = `${product.booted.directory}/data/runtime`;
    const places = ['/sys/fs/cgroup', '/sys/fs/cgroup/memory', '/sys/fs/cgroup/pids', `${data}/sandboxes`];
    const disks = [`${data}/disks/all`, ...diskFolders()];
    const named = [...places, ...disks].flatMap(namesIn);
    const mounted = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
    const running = readdirSync('/proc').map((name) => (/^\d+$/.test(name) ? commandLine(name) : ''));
    return [...named, ...mounted, ...running].filter((text) => text.includes(number));
  }
});

/** Disks of other users' products on this machine are theirs, and none of ours is among them. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isMissing(error) || (error as NodeJS.ErrnoException).code === 'EACCES') return [];
    throw error;
  }
}

function diskFolders(): string[] {
  const shared = '/var/lib/switchyard/disks';
  return existsSync(shared) ? readdirSync(shared).map((name) => `${shared}/${name}/all`) : [];
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return ''; // It ended.
  }
}
