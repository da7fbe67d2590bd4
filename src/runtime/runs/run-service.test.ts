import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { createIdSource } from '../../platform/ids.ts';
import { createSystemRandom } from '../../platform/random.ts';
import type { Receipt, RunEvent, RunRequest } from '../contract.ts';
import { findEngines } from '../functions/index.ts';
import { defaultLimits, maximumLimits } from '../limits.ts';
import { WorkspaceDriver } from '../workspaces/workspace-driver.ts';
import { runLines } from './run-lines.ts';
import { RunService, type RunSettings } from './run-service.ts';

const dataFolder = mkdtempSync(join(tmpdir(), 'switchyard-runs-'));
const newId = createIdSource(systemClock, createSystemRandom());
const esbuild = findEngines(process.env).esbuild;
const programs = esbuild === undefined ? [] : [{ name: 'esbuild', hostPath: esbuild }];
const driver = new WorkspaceDriver({ dataFolder, clock: systemClock, newId, programs });
const isUsable = (await driver.probe()).unusable === undefined;
const recorded: Receipt[] = [];

afterAll(async () => {
  await driver.close();
  rmSync(dataFolder, { recursive: true, force: true });
});

function serviceWith(settings: Partial<RunSettings> = {}): RunService {
  return new RunService({
    driver,
    clock: systemClock,
    newId,
    canTranslate: esbuild !== undefined,
    settings: () => ({
      minIsolation: 'sandbox-rlimit',
      limits: defaultLimits,
      mostLimits: maximumLimits,
      concurrent: 2,
      waiting: 10,
      ...settings,
    }),
    record(receipt) {
      recorded.push(receipt);
      return Promise.resolve();
    },
  });
}

const file = (path: string, text: string): RunRequest['files'][number] => ({ path, bytes: Buffer.from(text) });

async function run(request: RunRequest): Promise<{ stdout: string; stderr: string; receipt: Receipt }> {
  const text = { stdout: '', stderr: '' };
  const { events } = await serviceWith().run(request);
  for await (const event of events()) {
    if (event.type === 'receipt') return { ...text, receipt: event.receipt };
    if (event.type !== 'started') text[event.type] += Buffer.from(event.bytes).toString('utf8');
  }
  throw new Error('no receipt');
}

describe.skipIf(!isUsable)('a run', () => {
  it.each([
    ['python', 'main.py', 'import sys; print("py", sys.stdin.read())'],
    [
      'javascript',
      'main.mjs',
      'let read = ""; for await (const part of process.stdin) read += part; console.log("js", read)',
    ],
    ['shell', 'main.sh', 'echo "sh $(cat)"'],
  ] as const)('of %s reads its input, writes its output and ends with a receipt', async (language, path, text) => {
    const { stdout, receipt } = await run({ language, files: [file(path, text)], stdin: Buffer.from('input') });
    expect(stdout).toMatch(/^(py|js|sh) input\n$/);
    expect(receipt).toMatchObject({ status: 'succeeded', exit: { code: 0, signal: null }, limitsHit: [], language });
    expect(receipt.isolation.tier).toMatch(/^sandbox-/);
    expect(receipt.bytes).toMatchObject({ stdin: 5, stdout: 9 });
  });

  it.skipIf(esbuild === undefined)('of TypeScript is translated in the sandbox, errors keep their lines', async () => {
    const files = [
      file(
        'main.ts',
        'import { twice } from "./twice.ts";\nconst n: number = twice(21);\nconsole.log(n);\nthrow new Error("x");',
      ),
      file('twice.ts', 'export const twice = (value: number): number => value * 2;'),
    ];
    const { stdout, stderr, receipt } = await run({ language: 'typescript', files });
    expect(stdout).toBe('42\n');
    expect(stderr).toContain('main.ts:4');
    expect(receipt.status).toBe('failed');
    expect(receipt.timings.buildMs).toBeGreaterThan(0);
    const broken = await run({ language: 'typescript', files: [file('main.ts', 'const = 3')] });
    expect(broken.receipt.status).toBe('build_failed');
    expect(broken.stderr).toContain('main.ts:1');
  });

  it.skipIf(esbuild === undefined)('of JavaScript and TypeScript finds lodash without a network', async () => {
    const code = 'console.log(_.isEqual([1], [1]));';
    const required = await run({
      language: 'javascript',
      files: [file('main.js', `const _ = require("lodash");${code}`)],
    });
    const imported = await run({ language: 'typescript', files: [file('main.ts', `import _ from "lodash";${code}`)] });
    expect([required.stdout, imported.stdout]).toEqual(['true\n', 'true\n']);
  });

  it('that meets a limit says which, with what was allowed and observed', async () => {
    const spin = await run({
      language: 'python',
      files: [file('main.py', 'while True: pass')],
      limits: { cpuMs: 300 },
    });
    expect(spin.receipt).toMatchObject({ status: 'limit', limitsHit: [{ name: 'cpu', allowed: 300 }] });
    expect(spin.receipt.limitsHit[0]?.observed).toBeGreaterThan(300);
  });

  it('whose caller leaves is ended and recorded', async () => {
    const { runId, events } = await serviceWith().run({
      language: 'shell',
      files: [file('main.sh', 'echo on; sleep 60')],
    });
    for await (const event of events()) if (event.type === 'stdout') break;
    expect(recorded.find((one) => one.runId === runId)?.status).toBe('cancelled');
    expect(driver.count).toBe(0);
  });

  it('that says nothing is ended when its caller leaves', async () => {
    const leaving = new AbortController();
    const { runId, events } = await serviceWith().run(
      { language: 'shell', files: [file('main.sh', 'sleep 60')] },
      { signal: leaving.signal },
    );
    for await (const event of events()) if (event.type === 'started') leaving.abort();
    expect(recorded.find((one) => one.runId === runId)?.status).toBe('cancelled');
    expect(driver.count).toBe(0);
  });

  it('that waits for its turn gives up its place when its caller leaves', async () => {
    const service = serviceWith({ concurrent: 1 });
    const request: RunRequest = { language: 'shell', files: [file('main.sh', 'echo on; read line')] };
    const first = (await service.run(request)).events()[Symbol.asyncIterator]();
    await first.next();
    const leaving = new AbortController();
    const second = (await service.run(request, { signal: leaving.signal })).events()[Symbol.asyncIterator]();
    const waiting = second.next();
    leaving.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'client_gone' });
    await first.return?.();
    for await (const event of (await service.run(request)).events()) {
      if (event.type === 'receipt') expect(event.receipt.status).toBe('failed');
    }
  });

  it('cannot write lines that pass for ours', async () => {
    const forged = '{"type":"receipt","receipt":{"status":"succeeded"}}';
    const { events } = await serviceWith().run({
      language: 'shell',
      files: [file('main.sh', `echo '${forged}'; exit 4`)],
    });
    const lines: { readonly type: string; readonly text?: string; readonly receipt?: Receipt }[] = [];
    for await (const line of runLines(events())) lines.push(JSON.parse(line) as (typeof lines)[number]);
    expect(lines.map(({ type }) => type)).toEqual(['started', 'stdout', 'receipt']);
    expect(lines[1]?.text).toBe(`${forged}\n`);
    expect(lines[2]?.receipt?.status).toBe('failed');
  });

  it('[hostile 16] never passes its environment on to its receipt', async () => {
    const files = [file('main.sh', 'echo $PASSWORD')];
    const { stdout, receipt } = await run({ language: 'shell', files, environment: { PASSWORD: 'correct-horse' } });
    expect(stdout).toBe('correct-horse\n');
    expect(JSON.stringify(receipt)).not.toContain('correct-horse');
  });
});

describe('a run is refused', () => {
  it('under weaker isolation than it asks for, or than is configured', async () => {
    const request: RunRequest = { language: 'shell', files: [file('main.sh', 'echo ran')] };
    await expect(serviceWith().run({ ...request, minIsolation: 'vm' })).rejects.toMatchObject({
      code: 'isolation_unavailable',
    });
    await expect(serviceWith({ minIsolation: 'gvisor' }).run(request)).rejects.toMatchObject({
      code: 'isolation_unavailable',
    });
  });

  it('when there is nothing to run', async () => {
    await expect(serviceWith().run({ language: 'shell', files: [] })).rejects.toMatchObject({
      code: 'invalid_request',
    });
    const files = [file('a.sh', '')];
    await expect(serviceWith().run({ language: 'shell', files, entry: 'b.sh' })).rejects.toMatchObject({
      param: 'entry',
    });
  });
});

describe('lines of a run', () => {
  it('put characters together that arrive in parts', async () => {
    const bytes = Buffer.from('€');
    async function* events(): AsyncGenerator<RunEvent> {
      yield { type: 'stdout', bytes: bytes.subarray(0, 1) };
      yield await Promise.resolve({ type: 'stdout', bytes: bytes.subarray(1) });
    }
    const lines: string[] = [];
    for await (const line of runLines(events())) lines.push(line);
    expect(lines).toEqual(['{"type":"stdout","text":"€"}\n']);
  });
});
