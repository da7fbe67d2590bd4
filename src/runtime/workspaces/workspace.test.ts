import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { createIdSource } from '../../platform/ids.ts';
import { createSystemRandom } from '../../platform/random.ts';
import type { Command, Exit, Sandbox } from '../contract.ts';
import { defaultLimits } from '../limits.ts';
import { WorkspaceDriver } from './workspace-driver.ts';

const dataFolder = mkdtempSync(join(tmpdir(), 'switchyard-workspace-'));
const newId = createIdSource(systemClock, createSystemRandom());
const driver = new WorkspaceDriver({ dataFolder, clock: systemClock, newId });
const isUsable = (await driver.probe()).unusable === undefined;
let sandbox: Sandbox;

beforeAll(async () => {
  if (isUsable) sandbox = await driver.create({ limits: defaultLimits, environment: { OWN: 'yes' } });
});
afterAll(async () => {
  await driver.close();
  rmSync(dataFolder, { recursive: true, force: true });
});

async function run(command: Command): Promise<{ stdout: string; stderr: string; exit: Exit }> {
  const execution = await sandbox.exec(command);
  const text = { stdout: '', stderr: '' };
  for await (const { stream, bytes } of execution.output()) text[stream] += Buffer.from(bytes).toString('utf8');
  return { ...text, exit: await execution.exited };
}

describe.skipIf(!isUsable)('commands of a workspace', () => {
  it('see each other: files, processes and the loopback network are shared by them', async () => {
    await run({ argv: ['sh', '-c', 'echo kept >/tmp/kept; sleep 30 & echo $! >/tmp/pid'] });
    const { stdout } = await run({
      argv: ['sh', '-c', 'cat /tmp/kept; kill -0 $(cat /tmp/pid) && echo alive; kill $(cat /tmp/pid)'],
    });
    expect(stdout).toBe('kept\nalive\n');
  });

  it('get variables, folder and input as given, whatever they hold', async () => {
    const odd = '$(touch /tmp/x) "\'\n=;';
    const { stdout } = await run({
      argv: ['sh', '-c', 'printf "%s|%s|%s|" "$OWN" "$ODD" "$PWD"; cat', odd],
      environment: { ODD: odd, PERL5OPT: '-Mnone', LD_PRELOAD: '' },
      workingFolder: '/tmp',
      stdin: Buffer.from('input'),
    });
    expect(stdout).toBe(`yes|${odd}|/tmp|input`);
  });

  it('come after the gateway: where the processor is short, and where memory is', async () => {
    const { stdout } = await run({ argv: ['sh', '-c', 'nice; cat /proc/self/oom_score_adj'] });
    expect(stdout).toBe('10\n1000\n');
  });

  it('that cannot be started say why', async () => {
    const missing = await run({ argv: ['no-such-program'] });
    expect([missing.exit.code, missing.stderr]).toEqual([
      70,
      'switchyard: the program cannot be run: No such file or directory\n',
    ]);
    const nowhere = await run({ argv: ['true'], workingFolder: '/nowhere' });
    expect(nowhere.stderr).toContain('the working folder cannot be entered');
  });

  it('take input while they run, and end by the signal they are sent', async () => {
    const execution = await sandbox.exec({
      argv: ['sh', '-c', 'read line; echo "got $line"; sleep 60'],
      stdin: 'open',
    });
    expect(await execution.writeInput(Buffer.from('word\n'))).toBe(true);
    for await (const { bytes } of execution.output()) {
      expect(Buffer.from(bytes).toString()).toBe('got word\n');
      break;
    }
    execution.kill('SIGTERM');
    expect(await execution.exited).toMatchObject({ code: null, signal: 'SIGTERM' });
  });

  it('end at their time also when that is over before they have begun', async () => {
    const execution = await sandbox.exec({ argv: ['sleep', '60'], limits: { wallMs: 1 } });
    expect((await execution.exited).limitsHit).toMatchObject([{ name: 'wall' }]);
  });

  it('are over although something they left behind writes on', async () => {
    const writer = 'for n in $(seq 400); do printf x; sleep 0.01; done';
    const { exit } = await run({ argv: ['sh', '-c', `(${writer}) & exit 0`] });
    expect(exit).toMatchObject({ code: 0, limitsHit: [] });
    expect(exit.stdoutBytes).toBeLessThan(200);
  });

  it('do not meet a limit that another one met before', async () => {
    const limits = { ...defaultLimits, memoryBytes: 48 * 1024 * 1024 };
    const small = await driver.create({ limits });
    const hungry = await small.exec({ argv: ['perl', '-e', 'my $all = "x" x 200_000_000; sleep 5'] });
    expect((await hungry.exited).limitsHit).toMatchObject([{ name: 'memory', allowed: limits.memoryBytes }]);
    expect((await (await small.exec({ argv: ['true'] })).exited).limitsHit).toEqual([]);
    await small.destroy();
    await expect(small.exec({ argv: ['true'] })).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe.skipIf(!isUsable)('files of a workspace', () => {
  it('are written many at once, with folders, long names and any bytes, and read back', async () => {
    const bytes = Buffer.from([0, 255, 10, 13]);
    const long = `${'deep/'.repeat(30)}${'name'.repeat(30)}`;
    await sandbox.files.write([
      { path: 'one/two.bin', bytes },
      { path: long, bytes: Buffer.from('long') },
      { path: '/tmp/run.sh', bytes: Buffer.from('echo ran'), mode: 0o755 },
    ]);
    expect(Buffer.from(await sandbox.files.read('/home/user/one/two.bin'))).toEqual(bytes);
    expect(Buffer.from(await sandbox.files.read(long)).toString()).toBe('long');
    expect((await run({ argv: ['/bin/sh', '/tmp/run.sh'] })).stdout).toBe('ran\n');
    expect((await sandbox.files.stat('/tmp/run.sh'))?.mode).toBe(0o755);
  });

  it('are listed, moved and removed', async () => {
    await sandbox.files.write([{ path: 'list/a\nb', bytes: Buffer.from('12') }]);
    await sandbox.files.makeFolder('list/inner/more');
    const listed = await sandbox.files.list('list', { depth: 2 });
    expect(listed.map(({ name, type, sizeBytes }) => [name, type, type === 'file' ? sizeBytes : 0])).toEqual([
      ['a\nb', 'file', 2],
      ['inner', 'directory', 0],
      ['more', 'directory', 0],
    ]);
    await sandbox.files.move('list/a\nb', 'moved/there');
    expect((await sandbox.files.stat('moved/there'))?.sizeBytes).toBe(2);
    await sandbox.files.remove('moved');
    await sandbox.files.remove('moved');
    expect(await sandbox.files.stat('moved/there')).toBeUndefined();
  });

  it('that are absent, no files, or too large are refused by name', async () => {
    await expect(sandbox.files.read('absent')).rejects.toMatchObject({ code: 'not_found' });
    await expect(sandbox.files.read('/tmp')).rejects.toMatchObject({ code: 'invalid_request' });
    await sandbox.files.write([{ path: 'big', bytes: Buffer.alloc(2000) }]);
    await expect(sandbox.files.read('big', { maxBytes: 1999 })).rejects.toMatchObject({ code: 'too_large' });
    expect((await sandbox.files.read('big', { maxBytes: 2000 })).length).toBe(2000);
  });
});
