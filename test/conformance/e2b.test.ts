import { createHash } from 'node:crypto';
import { request as send } from 'node:http';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { Sandbox } from 'e2b';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../src/cli/index.ts';
import { findSystemTools } from '../../src/runtime/workspaces/system-tools.ts';
import { createTestTerminal } from '../cli/test-terminal.ts';
import { type BootedProduct, bootProduct, rebootProduct } from '../journeys/support/boot-product.ts';
import { waitUntil } from '../journeys/support/wait-until.ts';

const hasSandbox = !('reason' in findSystemTools());
const configText = `keys:
  - { name: builder, secret: 'env:BUILDER_KEY' }
  - { name: stranger, secret: 'env:STRANGER_KEY' }
sandboxes: { perKey: 6, keptPerKey: 8, maxTtlSeconds: 3600 }
`;

const environment = { BUILDER_KEY: 'sk-builder-key', STRANGER_KEY: 'sk-stranger-key' };

let booted: BootedProduct;
const before: { [name: string]: string | undefined } = {};

/** Sets what the command prints, as a shell would. */
async function useProduct(): Promise<void> {
  const terminal = createTestTerminal({ SWITCHYARD_OWNER_TOKEN: booted.product.ownerToken });
  const code = await main(['env', 'e2b', '--url', booted.url, '--key', 'sk-builder-key'], terminal);
  expect(code).toBe(0);
  for (const line of terminal.stdout().trim().split('\n')) {
    const [, name = '', value = ''] = /^export ([A-Z0-9_]+)=(.*)$/.exec(line) ?? [];
    expect(name, line).not.toBe('');
    before[name] ??= process.env[name];
    process.env[name] = value.replace(/^'(.*)'$/, '$1');
  }
}

/** What the files of a sandbox are, in one word. */
async function treeHash(sandbox: Sandbox): Promise<string> {
  const { stdout } = await sandbox.commands.run('find . -type f -print0 | sort -z | xargs -0 sha256sum');
  return createHash('sha256').update(stdout).digest('hex');
}

describe.skipIf(!hasSandbox)('the unmodified e2b package', () => {
  let sandbox: Sandbox;

  beforeAll(async () => {
    booted = await bootProduct(configText, environment);
    await useProduct();
    sandbox = await Sandbox.create({ metadata: { team: 'red & blue' }, envs: { GREETING: 'hello' } });
  }, 60_000);

  afterAll(async () => {
    for await (const id of allIds()) await Sandbox.kill(id);
    await booted?.close();
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }, 60_000);

  async function* allIds(): AsyncGenerator<string> {
    const pages = Sandbox.list();
    while (pages.hasNext) for (const { sandboxId } of await pages.nextItems()) yield sandboxId;
  }

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
      const answer = await fetch(`${booted.url}/files?path=x`, {
        headers: { 'e2b-sandbox-id': id, 'x-access-token': 'wrong' },
      });
      expect(answer.status).toBe(401);
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

  describe('runs commands', () => {
    it('in the foreground, with both streams apart', async () => {
      const heard: string[] = [];
      const result = await sandbox.commands.run('echo out; echo err >&2', {
        onStdout: (text) => void heard.push(`out:${text}`),
        onStderr: (text) => void heard.push(`err:${text}`),
      });
      expect(result).toMatchObject({ exitCode: 0, stdout: 'out\n', stderr: 'err\n' });
      expect(heard.sort()).toEqual(['err:err\n', 'out:out\n']);
    });

    it('with variables, a working directory and a user', async () => {
      const { stdout } = await sandbox.commands.run('echo "$GREETING $NAME"; pwd; whoami', {
        envs: { NAME: 'you' },
        cwd: '/tmp',
        user: 'user',
      });
      expect(stdout).toBe('hello you\n/tmp\nuser\n');
      expect((await sandbox.commands.run('id -u', { user: 'root' })).stdout).toBe('1000\n');
      await expect(sandbox.commands.run('true', { cwd: '/nowhere' })).rejects.toThrow('does not exist');
      await expect(sandbox.commands.run('true', { user: 'nobody-here' })).rejects.toThrow('no user');
    });

    it('that fail, with their number', async () => {
      await expect(sandbox.commands.run('echo no >&2; exit 7')).rejects.toMatchObject({ exitCode: 7, stderr: 'no\n' });
    });

    it('in the background, fed with input, listed, watched by two, and ended', async () => {
      const command = await sandbox.commands.run('cat', { background: true, stdin: true });
      const listed = (await sandbox.commands.list()).find(({ pid }) => pid === command.pid);
      expect(listed).toMatchObject({ cmd: '/bin/bash', args: ['-l', '-c', 'cat'] });
      const heard: string[] = [];
      const watcher = await sandbox.commands.connect(command.pid, { onStdout: (text) => void heard.push(text) });
      await sandbox.commands.sendStdin(command.pid, 'one\n');
      await command.sendStdin('two\n');
      await waitUntil(() => Promise.resolve(heard.join('') === 'one\ntwo\n'), 'the other one hears it');
      await command.closeStdin();
      expect(await command.wait()).toMatchObject({ exitCode: 0, stdout: 'one\ntwo\n' });
      expect(await watcher.wait()).toMatchObject({ exitCode: 0 });
      expect((await sandbox.commands.list()).map(({ pid }) => pid)).not.toContain(command.pid);
    });

    it('and signals them', async () => {
      const command = await sandbox.commands.run('sleep 60', { background: true });
      expect(await command.kill()).toBe(true);
      await expect(command.wait()).rejects.toMatchObject({ exitCode: -1 });
      expect(await sandbox.commands.kill(command.pid)).toBe(false);
    });

    it('that go on when nobody watches', async () => {
      const command = await sandbox.commands.run('sleep 0.3; echo done > left.txt', { background: true });
      await command.disconnect();
      await waitUntil(() => sandbox.files.exists('left.txt'), 'it went on');
    });

    it('no longer than they may', async () => {
      const running = sandbox.commands.run('sleep 30', { timeoutMs: 300 });
      await expect(running).rejects.toThrow(/deadline|timeout/i);
      await waitUntil(async () => (await sandbox.commands.list()).length === 0, 'it was ended');
    });

    it('whose output is large, in order and whole', async () => {
      const { stdout } = await sandbox.commands.run('seq 1 200000');
      expect(createHash('sha256').update(stdout).digest('hex')).toBe(
        createHash('sha256')
          .update(Array.from({ length: 200_000 }, (_, at) => `${at + 1}\n`).join(''))
          .digest('hex'),
      );
    });
  });

  describe('handles files', () => {
    it('writes and reads text, bytes, blobs and streams', async () => {
      const info = await sandbox.files.write('notes/a b+c.txt', 'grüße');
      expect(info).toMatchObject({ name: 'a b+c.txt', path: '/home/user/notes/a b+c.txt', type: 'file' });
      expect(await sandbox.files.read('notes/a b+c.txt')).toBe('grüße');
      const bytes = Uint8Array.from({ length: 100_000 }, (_, at) => at % 251);
      await sandbox.files.write('/tmp/bytes', bytes.buffer);
      expect(Buffer.from(await sandbox.files.read('/tmp/bytes', { format: 'bytes' })).equals(bytes)).toBe(true);
      expect((await sandbox.files.read('/tmp/bytes', { format: 'blob' })).size).toBe(100_000);
      await sandbox.files.write('/tmp/streamed', new Blob([bytes]).stream());
      const stream = await sandbox.files.read('/tmp/streamed', { format: 'stream', gzip: true });
      const pieces: Uint8Array[] = [];
      for await (const piece of stream) pieces.push(piece);
      expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
      await sandbox.files.write('empty', '', { gzip: true });
      expect(await sandbox.files.read('empty')).toBe('');
    });

    it('writes many at once, with metadata', async () => {
      const files = Array.from({ length: 20 }, (_, at) => ({ path: `many/${at}.txt`, data: `file ${at}` }));
      expect(await sandbox.files.write(files, { metadata: { origin: 'test' } })).toHaveLength(20);
      expect(await sandbox.files.read('many/19.txt')).toBe('file 19');
      expect((await sandbox.files.getInfo('many/3.txt')).metadata).toEqual({ origin: 'test' });
      expect(await sandbox.files.writeFiles([{ path: 'many/3.txt', data: 'new' }])).toHaveLength(1);
      expect((await sandbox.files.getInfo('many/3.txt')).metadata).toBeUndefined();
    });

    it('tells what is there', async () => {
      await sandbox.files.makeDir('tree/inner');
      await sandbox.files.write('tree/inner/leaf', '12345');
      await sandbox.commands.run('chmod 640 tree/inner/leaf; ln -sf inner/leaf tree/link');
      const names = async (depth: number): Promise<string[]> =>
        (await sandbox.files.list('tree', { depth })).map(({ path }) => path.replace('/home/user/tree/', ''));
      expect(await names(1)).toEqual(['inner', 'link']);
      expect(await names(2)).toEqual(['inner', 'inner/leaf', 'link']);
      const leaf = await sandbox.files.getInfo('tree/inner/leaf');
      expect(leaf).toMatchObject({ type: 'file', size: 5, mode: 0o640, permissions: '-rw-r-----', owner: 'user' });
      expect(Math.abs((leaf.modifiedTime?.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
      expect(await sandbox.files.getInfo('tree/link')).toMatchObject({ type: 'file', symlinkTarget: 'inner/leaf' });
      expect(await sandbox.files.exists('tree/nothing')).toBe(false);
      await expect(sandbox.files.list('tree/nothing')).rejects.toThrow('There is no');
      await expect(sandbox.files.read('tree/nothing')).rejects.toThrow('There is no');
      await expect(sandbox.files.read('tree')).rejects.toThrow('directory');
    });

    it('makes directories once, renames and removes', async () => {
      expect(await sandbox.files.makeDir('place/deep')).toBe(true);
      expect(await sandbox.files.makeDir('place/deep')).toBe(false);
      await sandbox.files.write('place/old', 'x');
      expect(await sandbox.files.rename('place/old', 'place/deep/new')).toMatchObject({ name: 'new' });
      expect(await sandbox.files.exists('place/old')).toBe(false);
      await sandbox.files.remove('place');
      await sandbox.files.remove('place');
      expect(await sandbox.files.exists('place')).toBe(false);
    });

    it('watches a directory and what is below it', async () => {
      await sandbox.files.makeDir('seen/sub');
      const seen: string[] = [];
      const handle = await sandbox.files.watchDir(
        'seen',
        ({ type, name, entry }) => void seen.push(`${type} ${name} ${entry?.size ?? ''}`),
        { recursive: true, includeEntry: true },
      );
      await sandbox.files.write('seen/new.txt', 'abc');
      await sandbox.files.write('seen/new.txt', 'abcd');
      await sandbox.commands.run(
        'mv seen/new.txt seen/sub/moved; rm seen/sub/moved; mkdir seen/late; touch seen/late/x',
      );
      await waitUntil(() => Promise.resolve(seen.includes('create late/x 0')), 'the last change is seen');
      expect(seen).toContain('create new.txt 3');
      expect(seen).toContain('write new.txt 4');
      const kinds = seen.map((line) => line.split(' ').slice(0, 2).join(' '));
      expect(kinds).toEqual(expect.arrayContaining(['rename new.txt', 'create sub/moved', 'remove sub/moved']));
      expect(seen.filter((line) => line.includes('.switchyard'))).toEqual([]);
      await handle.stop();
      await waitUntil(async () => {
        const { stdout } = await sandbox.commands.run('ps -e 2>/dev/null | grep -c perl || true');
        return stdout.trim() !== '' && Number(stdout) === 0;
      }, 'nothing watches any more');
    });

    it('by signed addresses, for as long as they say', async () => {
      const into = await sandbox.uploadUrl('signed/in put.txt', { useSignatureExpiration: 60 });
      const form = new FormData();
      form.append('file', new Blob(['by address']), 'ignored');
      expect((await fetch(into, { method: 'POST', body: form })).status).toBe(200);
      const from = await sandbox.downloadUrl('signed/in put.txt');
      const answer = await fetch(from);
      expect([answer.status, await answer.text()]).toEqual([200, 'by address']);
      expect(answer.headers.get('content-disposition')).toBe('attachment');
      const other = new URL(from);
      other.searchParams.set('path', '/etc/passwd');
      expect((await fetch(other)).status).toBe(401);
      expect((await fetch(from, { method: 'POST', body: 'x' })).status).toBe(401);
      const late = await sandbox.downloadUrl('signed/in put.txt', { useSignatureExpiration: -1 });
      expect((await fetch(late)).status).toBe(401);
    });
  });

  describe('reaches programs inside', () => {
    it('by host, from outside', async () => {
      await sandbox.files.write('site/index.html', '<h1>inside</h1>');
      const server = await sandbox.commands.run('python3 -m http.server 8000 --directory site', { background: true });
      const host = sandbox.getHost(8000);
      expect(host).toBe(`8000-${sandbox.sandboxId}.localhost:${new URL(booted.url).port}`);
      await waitUntil(async () => (await byHost(host, '/')).status === 200, 'the server listens');
      expect((await byHost(host, '/')).text).toBe('<h1>inside</h1>');
      expect((await byHost(host.replace('8000', '8001'), '/')).status).toBe(502);
      await server.kill();
    });

    it('only with the traffic token where that was asked for', async () => {
      const closed = await Sandbox.create({ network: { allowPublicTraffic: false } });
      expect((await byHost(closed.getHost(9000), '/')).status).toBe(403);
      const token = closed.trafficAccessToken ?? '';
      expect((await byHost(closed.getHost(9000), '/', { 'e2b-traffic-access-token': token })).status).toBe(502);
      await closed.kill();
    });

    it('works with git', async () => {
      const { git } = sandbox;
      await git.init('/home/user/repo', { initialBranch: 'main' });
      await git.configureUser('Ada', 'ada@example.com', { scope: 'local', path: '/home/user/repo' });
      await sandbox.files.write('repo/readme', 'hello');
      expect((await git.status('/home/user/repo')).hasUntracked).toBe(true);
      await git.add('/home/user/repo');
      await git.commit('/home/user/repo', 'first');
      await git.createBranch('/home/user/repo', 'feature');
      expect((await git.branches('/home/user/repo')).currentBranch).toBe('feature');
      await git.checkoutBranch('/home/user/repo', 'main');
      await git.deleteBranch('/home/user/repo', 'feature');
      await sandbox.commands.run('git clone --quiet --bare repo origin.git');
      await git.remoteAdd('/home/user/repo', 'origin', '/home/user/origin.git');
      expect(await git.remoteGet('/home/user/repo', 'origin')).toBe('/home/user/origin.git');
      await git.clone('/home/user/origin.git', { path: '/home/user/copy' });
      expect(await sandbox.files.read('copy/readme')).toBe('hello');
      await sandbox.files.write('repo/readme', 'changed');
      await git.add('/home/user/repo', { files: ['readme'] });
      await git.reset('/home/user/repo', { mode: 'mixed' });
      await git.restore('/home/user/repo', { paths: ['readme'] });
      expect((await git.status('/home/user/repo')).isClean).toBe(true);
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
      const answer = await fetch(`${booted.url}/execute`, {
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
      booted = await rebootProduct(booted, environment);
      await useProduct();
      const [found] = await Sandbox.list({ query: { metadata: { kept: 'yes' } } }).nextItems();
      expect(found).toMatchObject({ sandboxId: kept.sandboxId, state: 'running' });
      const again = await Sandbox.connect(kept.sandboxId);
      expect(await treeHash(again)).toBe(hash);
      for await (const id of allIds()) expect(await Sandbox.kill(id)).toBe(true);
      expect(leftovers(kept.sandboxId)).toEqual([]);
    }, 60_000);
  });

  /** What of a sandbox is still there: processes and mounts bear its number, and so do groups and folders. */
  function leftovers(id: string): string[] {
    const number = id.replace('sbx', '');
    const data = `${booted.directory}/data/runtime`;
    const places = ['/sys/fs/cgroup', '/sys/fs/cgroup/memory', '/sys/fs/cgroup/pids', `${data}/sandboxes`];
    const disks = [`${data}/disks/all`, ...diskFolders()];
    const named = [...places, ...disks].flatMap((folder) => (existsSync(folder) ? readdirSync(folder) : []));
    const mounted = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
    const running = readdirSync('/proc').map((name) => (/^\d+$/.test(name) ? commandLine(name) : ''));
    return [...named, ...mounted, ...running].filter((text) => text.includes(number));
  }
});

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

/** Names below localhost are not known to every resolver; the header is what counts. */
function byHost(
  host: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const port = Number(new URL(booted.url).port);
    const outgoing = send({ host: '127.0.0.1', port, path, headers: { ...headers, host } }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on('data', (piece: Buffer) => pieces.push(piece));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(pieces).toString() }));
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}
