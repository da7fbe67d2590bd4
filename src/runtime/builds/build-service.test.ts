import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Fault } from '../../domain/faults/fault.ts';
import { systemClock } from '../../platform/clock.ts';
import { createIdSource } from '../../platform/ids.ts';
import { createSystemRandom } from '../../platform/random.ts';
import { simulatedApp } from '../../simulator/answers/simulated-app.ts';
import type { Database } from '../../storage/index.ts';
import { findEngines } from '../functions/index.ts';
import { defaultLimits, maximumLimits } from '../limits.ts';
import { RunService } from '../runs/run-service.ts';
import { WorkspaceDriver } from '../workspaces/workspace-driver.ts';
import { BuildService, type BuildServiceDeps } from './build-service.ts';
import type { AskedModel, BuildRecord, BuildRequest, ModelAnswer } from './build-types.ts';

const dataFolder = mkdtempSync(join(tmpdir(), 'switchyard-builds-'));
const newId = createIdSource(systemClock, createSystemRandom());
const { esbuild } = findEngines(process.env);
const programs = esbuild === undefined ? [] : [{ name: 'esbuild', hostPath: esbuild }];
const driver = new WorkspaceDriver({ dataFolder, clock: systemClock, newId, programs });
const isUsable = (await driver.probe()).unusable === undefined;
const runner = new RunService({
  driver,
  clock: systemClock,
  newId,
  canTranslate: esbuild !== undefined,
  settings: () => ({
    minIsolation: 'sandbox-rlimit',
    limits: defaultLimits,
    mostLimits: maximumLimits,
    concurrent: 2,
    waiting: 4,
  }),
  record: () => Promise.resolve(),
});

afterAll(async () => {
  await driver.close();
  rmSync(dataFolder, { recursive: true, force: true });
});

/** Stands for the database where a build only asks whether it is there. */
const database = {
  isAvailable: () => true,
  db: new Proxy({}, { get: () => () => nothing }),
} as unknown as Database;
const nothing: Record<string, () => unknown> = new Proxy({}, { get: (_, name) => answerOf(String(name)) });
const answerOf = (name: string): unknown => {
  if (name === 'then') return undefined;
  if (name.startsWith('execute')) return () => Promise.resolve(undefined);
  return () => nothing;
};

const page = '--- file: public/index.html\n<h1>hello</h1>\n--- end';
const server = (body: string): string => `--- file: src/index.js\nexport default { fetch() { ${body} } };\n--- end`;

interface Setting extends Partial<BuildServiceDeps> {
  readonly answers: readonly string[];
  readonly costNanos?: bigint | null;
}

async function build(
  { answers, costNanos = 1000n, ...deps }: Setting,
  request: Partial<BuildRequest> = {},
): Promise<{ readonly record: BuildRecord; readonly asked: readonly AskedModel[]; readonly types: readonly string[] }> {
  const asked: AskedModel[] = [];
  const left = [...answers];
  const ask = (question: AskedModel): Promise<ModelAnswer> => {
    asked.push(question);
    return Promise.resolve({ model: 'm', host: 'h', text: left.shift() ?? '', costNanos });
  };
  const service = new BuildService({
    clock: systemClock,
    runner,
    newId,
    database: () => database,
    usualModel: () => 'job/code-build',
    ceilingNanos: (_, { outputTokens }) => BigInt(outputTokens),
    ask,
    fixer: () => undefined,
    deploy: ({ app, alias }) =>
      Promise.resolve({ app, alias, version: 'ver_1', path: `/a/preview--${app}/`, url: `http://here/${app}` }),
    visit: () => Promise.resolve(undefined),
    ...deps,
  });
  const actor = { name: 'owner', role: 'owner' } as const;
  const { events } = service.start({
    wish: 'a page that counts clicks',
    capNanos: 100_000n,
    isDeployed: true,
    customer: null,
    actor,
    ...request,
  });
  const types: string[] = [];
  for await (const event of events()) {
    types.push(event.type);
    if (event.type === 'build') return { record: event.build, asked, types };
  }
  throw new Error('a build ends with its record');
}

describe.skipIf(!isUsable)('a build', () => {
  it('goes from words over files and checks to a preview', async () => {
    const simulated = simulatedApp({ turns: [], model: 'small' } as unknown as Parameters<typeof simulatedApp>[0]);
    const { record, types } = await build({ answers: [simulated] });
    expect(record).toMatchObject({ status: 'deployed', reason: null, spentNanos: '1000', version: 'ver_1' });
    expect(record.app).toMatch(/^counts-clicks-[0-9a-f]{6}$/);
    expect(record.checks).toContainEqual({ name: 'the tests', hasPassed: true });
    expect(types).toEqual(['started', 'asked', 'written', 'checked', 'deployed', 'build']);
  });

  it('asks again with what the checks said, and no more than twice', async () => {
    const broken = '--- file: public/index.html\n<script src="no-such-thing.js"></script>\n--- end';
    const { record, asked } = await build({ answers: [broken, 'sorry', page] });
    expect(record).toMatchObject({ status: 'deployed', spentNanos: '3000' });
    expect(asked[1]?.messages.at(-1)?.content).toContain('no-such-thing');
    expect(asked[2]?.messages.at(-1)?.content).toContain('holds no file');
    const hopeless = await build({ answers: [broken, broken, broken, page] });
    expect(hopeless.record).toMatchObject({ status: 'failed' });
    expect(hopeless.record.reason).toContain('no-such-thing');
    expect(hopeless.asked).toHaveLength(3);
  });

  it('checks what answers requests', async () => {
    const good = await build({ answers: [server('return new Response("hi")')] });
    expect(good.record.checks).toEqual([
      { name: 'the build', hasPassed: true },
      { name: 'GET /', hasPassed: true },
    ]);
  });

  it('spends no more than its cap, also where a cost is unknown', async () => {
    const broken = '--- file: public/index.html\nno page\n--- end';
    const capped = await build({ answers: [broken, page], costNanos: null }, { capNanos: 1500n });
    expect(capped.asked).toHaveLength(1);
    expect(capped.asked[0]?.maxTokens).toBe(1024);
    expect(capped.record).toMatchObject({ status: 'failed', spentNanos: '1024' });
    expect(capped.record.reason).toContain('cap');
    const unknown = await build({ answers: [page], ceilingNanos: () => null });
    expect(unknown.asked).toHaveLength(0);
    expect(unknown.record.reason).toContain('unknown');
  });

  it('tells why no model answered, and is not deployed when only tried', async () => {
    const fault = new Fault('budget_exceeded', { message: 'The budget of acme is used up.' });
    const ask = (): Promise<ModelAnswer> => Promise.resolve({ model: '', host: '', text: '', costNanos: 0n, fault });
    expect((await build({ answers: [], ask })).record.reason).toContain('used up');
    const tried = await build({ answers: [page] }, { isDeployed: false });
    expect(tried.record).toMatchObject({ status: 'built', version: null, url: null });
  });

  it('has a fixer patch it where there is one', async () => {
    const fixer = {
      fix: async (task: { verify(files: unknown, attempt: object): Promise<{ kind: string }> }) => {
        const files = [{ path: 'public/index.html', bytes: Buffer.from('<p>fixed</p>') }];
        const { kind } = await task.verify(files, { number: 1, requestId: newId('req') });
        const attempt = { requestId: newId('req'), model: 'fixer', host: 'h', costNanos: 500n };
        return { attempts: [attempt], spentNanos: 500n, files: kind === 'passed' ? files : undefined };
      },
    };
    const broken = '--- file: public/index.html\nno page\n--- end';
    const { record, asked } = await build({
      answers: [broken],
      fixer: () => fixer as unknown as ReturnType<BuildServiceDeps['fixer']>,
    });
    expect(asked).toHaveLength(1);
    expect(record).toMatchObject({ status: 'deployed', spentNanos: '1500' });
    expect(record.questions.map(({ kind }) => kind)).toEqual(['build', 'fix']);
  });
});
