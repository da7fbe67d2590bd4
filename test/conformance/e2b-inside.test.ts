import { createHash } from 'node:crypto';
import { Sandbox } from 'e2b';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitUntil } from '../journeys/support/wait-until.ts';
import { E2bProduct, hasSandbox } from './e2b-product.ts';

describe.skipIf(!hasSandbox)('inside a sandbox, the unmodified e2b package', () => {
  const product = new E2bProduct();
  let sandbox: Sandbox;

  beforeAll(async () => {
    await product.boot();
    sandbox = await Sandbox.create({ envs: { GREETING: 'hello' } });
  });
  afterAll(() => product.close());

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
      // What an entry tells is how it was found when the event was heard.
      const isSeen = (line: string): Promise<void> => waitUntil(() => seen.includes(line), line);
      await sandbox.files.write('seen/new.txt', 'abc');
      await isSeen('create new.txt 3');
      await sandbox.files.write('seen/new.txt', 'abcd');
      await isSeen('write new.txt 4');
      await sandbox.commands.run(
        'mv seen/new.txt seen/sub/moved; rm seen/sub/moved; mkdir seen/late; touch seen/late/x',
      );
      await isSeen('create late/x 0');
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
      expect(host).toBe(`8000-${sandbox.sandboxId}.localhost:${new URL(product.booted.url).port}`);
      await waitUntil(async () => (await product.byHost(host)).status === 200, 'the server listens');
      expect((await product.byHost(host)).text).toBe('<h1>inside</h1>');
      expect((await product.byHost(host.replace('8000', '8001'))).status).toBe(502);
      await server.kill();
    });

    it('only with the traffic token where that was asked for', async () => {
      const closed = await Sandbox.create({ network: { allowPublicTraffic: false } });
      expect((await product.byHost(closed.getHost(9000))).status).toBe(403);
      const token = closed.trafficAccessToken ?? '';
      expect((await product.byHost(closed.getHost(9000), { 'e2b-traffic-access-token': token })).status).toBe(502);
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
});
