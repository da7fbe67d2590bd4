import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Pool } from 'undici';
import { silentLogger } from '../../src/platform/logger.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { AppDirectory, LiveAlias } from '../../src/runtime/apps/app-directory.ts';
import { createAppIngress } from '../../src/runtime/apps/app-ingress.ts';
import { AppMeter } from '../../src/runtime/apps/app-meter.ts';
import { AssetServer } from '../../src/runtime/apps/static-assets.ts';
import { findEngines } from '../../src/runtime/functions/find-engines.ts';
import { FunctionHost } from '../../src/runtime/functions/function-host.ts';
import { defaultLimits, type FunctionSpec } from '../../src/runtime/functions/function-spec.ts';
import type { Figure, Section } from '../section.ts';

const connections = 16;

/** Functions behind the way in that the product has: cold, warm, under load, and while an alias moves. */
export const functions: Section = {
  name: 'functions',
  async measure({ quick }) {
    const stage = await openStage();
    try {
      const ahead = await measureCold(stage, { times: quick ? 20 : 100, isAhead: true });
      const cold = await measureCold(stage, { times: quick ? 20 : 100, isAhead: false });
      const warm = await measureWarm(stage, quick ? 500 : 3000);
      const load = await measureLoad(stage, quick ? 4000 : 40_000);
      const flips = await measureFlips(stage, quick ? 20 : 100);
      return [...ahead, ...cold, ...warm, ...load, ...flips];
    } finally {
      await stage.close();
    }
  },
};

interface Stage {
  readonly host: FunctionHost;
  readonly pool: Pool;
  readonly port: number;
  readonly root: string;
  /** Points the app to a version. */
  point(version: string): void;
  specOf(version: string): FunctionSpec;
  /** The socket on which the only version that runs takes requests. */
  socket(): string;
  close(): Promise<void>;
}

async function openStage(): Promise<Stage> {
  const root = mkdtempSync(join(tmpdir(), 'sy-bf-'));
  const own = { id: 0, alias: undefined as LiveAlias | undefined };
  const host = new FunctionHost({
    engines: findEngines(process.env),
    root,
    clock: systemClock,
    newId: () => `f${++own.id}`,
    line: () => undefined,
    audit: () => undefined,
    receipt: () => undefined,
  });
  await host.probe();
  const ingress = createAppIngress({
    host,
    directory: { find: () => own.alias } as unknown as AppDirectory,
    assets: new AssetServer({ put: () => Promise.resolve(''), get: () => Promise.resolve(undefined) }),
    meter: new AppMeter(createMetrics(), systemClock),
    clock: systemClock,
    logger: silentLogger,
    newId: (prefix) => `${prefix}_${++own.id}`,
    absence: () => undefined,
    hiddenCookies: [],
  });
  const server = createServer((request, response) => void ingress(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections });
  const specOf = (version: string): FunctionSpec => ({
    app: 'bench',
    version,
    source: Buffer.from(`export default { fetch() { return new Response('${version}'); } };`),
    environment: {},
    secrets: [],
    limits: { ...defaultLimits, recycleRequests: 1_000_000 },
  });
  return {
    host,
    pool,
    port,
    root,
    specOf,
    socket() {
      const sockets = readdirSync(root).map((folder) => join(root, folder, 's', 'http.sock'));
      return sockets.find((path) => existsSync(path)) ?? '';
    },
    point(version) {
      const alias = { app: 'bench', alias: 'prod', version, previousVersion: null, canary: null } as LiveAlias['alias'];
      const spec = (): Promise<FunctionSpec> => Promise.resolve(specOf(version));
      own.alias = {
        alias,
        canary: undefined,
        stable: {
          app: 'bench',
          version,
          generation: '',
          assets: new Map(),
          hasCode: true,
          limits: defaultLimits,
          spec,
        },
      };
    },
    async close() {
      await pool.destroy();
      server.closeAllConnections();
      server.close();
      await host.close(0);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** From a request for a version that nobody runs to its answer, with a process that waits for one or without. */
async function measureCold(
  { host, pool, point, specOf }: Stage,
  { times, isAhead }: { readonly times: number; readonly isAhead: boolean },
): Promise<Figure[]> {
  const samples: number[] = [];
  for (let turn = 0; turn < times; turn++) {
    const version = `cold-${turn}`;
    point(version);
    // What is made ahead is made between requests, not within one.
    if (isAhead) await host.spared();
    else await host.clearSpares();
    samples.push(await timed(() => ask(pool)));
    const running = host.running({ app: 'bench', version, generation: '' });
    host.retire(specOf(version), 0);
    await running?.gone;
  }
  const name = `function, cold start to answer, ${isAhead ? '' : 'none '}made ahead`;
  return [
    { name: `${name}, p50`, value: quantile(samples, 0.5), unit: 'ms', goal: { atMost: 25 } },
    { name: `${name}, p99`, value: quantile(samples, 0.99), unit: 'ms', goal: { atMost: 60 } },
  ];
}

/** One request after the other, through the way in and straight into the socket of the process. */
async function measureWarm({ host, pool, point, specOf, socket }: Stage, times: number): Promise<Figure[]> {
  point('warm');
  await host.acquire(specOf('warm'));
  const direct = new Pool('http://app', { socketPath: socket(), connections: 1 });
  const through: number[] = [];
  const straight: number[] = [];
  for (let turn = 0; turn < times; turn++) {
    through.push(await timed(() => ask(pool)));
    straight.push(await timed(() => ask(direct)));
  }
  await direct.destroy();
  const added = Math.max(0, quantile(through, 0.5) - quantile(straight, 0.5));
  return [{ name: 'function, warm, added by the way in, p50', value: round(added), unit: 'ms', goal: { atMost: 1 } }];
}

/** A client in a process of its own, so that only the way in and the function are measured. */
async function measureLoad({ port, point }: Stage, requests: number): Promise<Figure[]> {
  point('warm');
  const load = async (count: number): Promise<{ readonly failed: number; readonly tookMs: number }> => {
    const client = fileURLToPath(new URL('./load-client.mjs', import.meta.url));
    const words = [client, String(port), '/a/bench/', String(connections), String(count)];
    const { stdout } = await promisify(execFile)(process.execPath, words);
    return JSON.parse(stdout) as { failed: number; tookMs: number };
  };
  await load(Math.ceil(requests / 4));
  const { failed, tookMs } = await load(requests);
  const perSecond = Math.round((requests / tookMs) * 1000);
  return [
    {
      name: `functions, requests over ${connections} connections`,
      value: perSecond,
      unit: '/s',
      goal: { atLeast: 8000 },
    },
    { name: 'functions, failed requests under load', value: failed, unit: '', goal: { atMost: 0 } },
  ];
}

/** The alias goes back and forth between two warm versions at about 1,000 requests a second. */
async function measureFlips({ host, pool, point, specOf }: Stage, flips: number): Promise<Figure[]> {
  await Promise.all(['one', 'two'].map((version) => host.acquire(specOf(version))));
  point('one');
  const state = { isOver: false, failed: 0 };
  const visit = async (): Promise<void> => {
    while (!state.isOver) {
      if ((await ask(pool)).status !== 200) state.failed++;
      await new Promise((resolve) => setTimeout(resolve, 8));
    }
  };
  const visitors = Array.from({ length: 8 }, visit);
  const samples: number[] = [];
  for (let flip = 1; flip <= flips; flip++) {
    const wanted = flip % 2 === 0 ? 'one' : 'two';
    const visibleMs = await timed(async () => {
      point(wanted);
      while ((await ask(pool)).text !== wanted);
    });
    samples.push(visibleMs);
  }
  state.isOver = true;
  await Promise.all(visitors);
  return [
    { name: 'rollback, until it is seen, p99', value: quantile(samples, 0.99), unit: 'ms', goal: { atMost: 100 } },
    { name: 'rollback, failed requests', value: state.failed, unit: '', goal: { atMost: 0 } },
  ];
}

async function ask(pool: Pool): Promise<{ readonly status: number; readonly text: string }> {
  const { statusCode, body } = await pool.request({ method: 'GET', path: '/a/bench/' });
  return { status: statusCode, text: await body.text() };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAtMs = performance.now();
  await work();
  return performance.now() - startedAtMs;
}

function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((left, right) => left - right);
  return round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
