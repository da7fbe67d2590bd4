import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { createIdSource } from '../../platform/ids.ts';
import { createSystemRandom } from '../../platform/random.ts';
import type { Receipt, RunRequest } from '../contract.ts';
import { findEngines } from '../functions/index.ts';
import { defaultLimits, maximumLimits } from '../limits.ts';
import { findSystemTools } from '../workspaces/system-tools.ts';
import { WorkspaceDriver } from '../workspaces/workspace-driver.ts';
import { RunService } from './run-service.ts';
import { ScriptEngine } from './script-engine.ts';

const dataFolder = mkdtempSync(join(tmpdir(), 'sy-scripts-'));
const newId = createIdSource(systemClock, createSystemRandom());
const { bwrap: _none, ...engines } = findEngines(process.env);
const canRun = engines.workerd !== undefined && engines.esbuild !== undefined;
const root = join(dataFolder, 's');
const scripts = new ScriptEngine({
  engines: { ...engines, bwrap: undefined },
  root,
  clock: systemClock,
  newId: () => newId('s').slice(-16),
});
/** A machine without any sandbox. */
const driver = new WorkspaceDriver({
  dataFolder,
  clock: systemClock,
  newId,
  tools: findSystemTools('linux', () => undefined),
});
const recorded: Receipt[] = [];
const service = new RunService({
  driver,
  scripts,
  clock: systemClock,
  newId,
  canTranslate: true,
  settings: () => ({
    minIsolation: 'language',
    limits: defaultLimits,
    mostLimits: maximumLimits,
    concurrent: 2,
    waiting: 10,
  }),
  record(receipt) {
    recorded.push(receipt);
    return Promise.resolve();
  },
});

afterAll(async () => {
  await Promise.all([driver.close(), scripts.close()]);
  rmSync(dataFolder, { recursive: true, force: true });
});

async function run(
  path: string,
  text: string,
  request: Partial<RunRequest> = {},
): Promise<{ stdout: string; stderr: string; receipt: Receipt }> {
  const said = { stdout: '', stderr: '' };
  const { events } = await service.run({
    language: path.endsWith('.ts') ? 'typescript' : 'javascript',
    files: [{ path, bytes: Buffer.from(text) }],
    ...request,
  });
  for await (const event of events()) {
    if (event.type === 'receipt') return { ...said, receipt: event.receipt };
    if (event.type !== 'started') said[event.type] += Buffer.from(event.bytes).toString('utf8');
  }
  throw new Error('no receipt');
}

describe.skipIf(!canRun)('a script where there is no sandbox', () => {
  it('runs with types, input, arguments, timers and parts of Node, and its receipt says by what it was kept', async () => {
    const program = `
      import assert from 'node:assert';
      import { readFileSync as read } from 'fs';
      import * as path from 'node:path';
      enum Unit { One = 1 }
      const sum: number = Unit.One + 4;
      assert.strictEqual(sum, 5);
      console.log({ sum }, process.argv.slice(2), process.env.GREETING, path.join('a', 'b'));
      setTimeout(() => console.log('later', read(0, 'utf8')), 10);
      await new Promise((resolve) => setTimeout(resolve, 1));
      process.stdout.write('no ');
      process.stdout.write('line');
      export default sum;
    `;
    const { stdout, stderr, receipt } = await run('main.ts', program, {
      arguments: ['one'],
      environment: { GREETING: 'hi "there"' },
      stdin: Buffer.from('input'),
    });
    expect([stdout, stderr]).toEqual([`{ sum: 5 } [ 'one' ] hi "there" a/b\nno linelater input\n`, '']);
    expect(receipt).toMatchObject({
      status: 'succeeded',
      exit: { code: 0, signal: null },
      isolation: { tier: 'language' },
    });
    expect(receipt.isolation.gaps.join()).toContain('Language-level isolation');
  });

  it('of the older module system runs as well; what nobody catches ends it with its stack', async () => {
    const program = `const assert = require('assert'); const { join } = require('./lib');
      console.log(join('a', 'b')); (async () => { await 1; assert.equal(1, 2); })();`;
    const lib = { path: 'lib.js', bytes: Buffer.from("exports.join = (...parts) => parts.join('/');") };
    const main = { path: 'main.js', bytes: Buffer.from(program) };
    const { stdout, stderr, receipt } = await run('main.js', '', { files: [main, lib] });
    expect(stdout).toBe('a/b\n');
    expect(stderr).toContain('Uncaught AssertionError');
    expect(receipt).toMatchObject({ status: 'failed', exit: { code: 1 } });
    expect((await run('main.js', 'console.error("bye"); process.exit(7)')).receipt.exit.code).toBe(7);
    const broken = await run('main.ts', 'const = 3');
    expect([broken.receipt.status, broken.stderr]).toEqual(['build_failed', expect.stringContaining('main.ts:1:6')]);
  });

  it.each([
    ['cpu', 'for (;;);', { cpuMs: 200 }],
    ['wall', 'setInterval(() => {}, 10)', { wallMs: 200 }],
    [
      'memory',
      'const all = []; for (;;) all.push(new Array(100000).fill(all.length))',
      { memoryBytes: 64 * 1024 * 1024 },
    ],
    ['output', "for (;;) console.log('x'.repeat(1000))", { outputBytes: 10_000, outputGraceMs: 50 }],
  ] as const)(
    '[runtime hostile 29, 33, 36] that goes beyond its limit of %s is ended and told so',
    async (name, program, limits) => {
      const { receipt, stdout } = await run('main.js', program, { limits });
      expect(receipt).toMatchObject({ status: 'limit', limitsHit: [{ name }] });
      expect(stdout.length).toBeLessThanOrEqual(10_000);
    },
  );

  it('[runtime hostile 18, 51, 56] finds no file of the host, no code in text, and no way out', async () => {
    const canary = createServer((_request, response) => response.end('reached'));
    await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve));
    const address = canary.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const program = `
      import fs from 'node:fs';
      const tried = async (what) => { try { return await what(); } catch { return 'no'; } };
      console.log(
        await tried(() => fs.readFileSync('/etc/passwd', 'utf8')),
        await tried(() => fetch('http://127.0.0.1:${port}/').then((answer) => answer.status)),
        await tried(() => ({}).constructor.constructor('return 1')()),
        await tried(() => import('node:child_process').then((one) => String(one.execSync('id')))),
        JSON.stringify(Object.keys(process.env)),
      );`;
    expect((await run('main.mjs', program)).stdout).toBe('no 403 no no []\n');
    canary.close();
  });

  it('reaches what its policy names, and the receipt lists what it asked for', async () => {
    const { stdout, receipt } = await run(
      'main.mjs',
      `for (const url of ['http://other.example.com/', 'http://10.0.0.1/']) console.log((await fetch(url)).status);`,
      {
        network: {
          mode: 'allowed',
          allow: ['api.example.com'],
          headers: [{ host: 'api.example.com', name: 'a', value: 'very-secret' }],
        },
      },
    );
    expect(stdout).toBe('403\n403\n');
    expect(receipt.network).toMatchObject({
      allow: ['api.example.com'],
      connections: [
        { host: 'other.example.com', verdict: 'denied' },
        { host: '10.0.0.1', verdict: 'denied' },
      ],
      unlisted: 0,
    });
    expect(JSON.stringify(receipt)).not.toContain('very-secret');
  });

  it('whose caller leaves is ended, and nothing of any of them is left', async () => {
    const leaving = new AbortController();
    const request: RunRequest = {
      language: 'javascript',
      files: [{ path: 'a.js', bytes: Buffer.from('setInterval(() => {}, 9); console.log(1)') }],
    };
    const { runId, events } = await service.run(request, { signal: leaving.signal });
    for await (const event of events()) if (event.type === 'stdout') leaving.abort();
    expect(recorded.find((one) => one.runId === runId)?.status).toBe('cancelled');
    expect(readdirSync(root).filter((name) => name !== 'b')).toEqual([]);
    expect(readdirSync(join(root, 'b'))).toEqual([]);
  });
});

describe('native programs where there is no sandbox', () => {
  it('are refused with how to get one, and scripts too where more is asked for', async () => {
    const files = [{ path: 'main.sh', bytes: Buffer.from('echo ran') }];
    await expect(service.run({ language: 'shell', files })).rejects.toMatchObject({
      code: 'isolation_unavailable',
      message: expect.stringContaining('apt-get install bubblewrap') as string,
    });
    await expect(
      service.run({ language: 'javascript', files: [], command: ['node', '-e', '1'] }),
    ).rejects.toMatchObject({
      code: 'isolation_unavailable',
    });
  });

  it.skipIf(!canRun)('and so are scripts that ask for more than a language', async () => {
    const files = [{ path: 'main.js', bytes: Buffer.from('console.log(1)') }];
    await expect(service.run({ language: 'javascript', files, minIsolation: 'sandbox-rlimit' })).rejects.toMatchObject({
      code: 'isolation_unavailable',
    });
  });
});
