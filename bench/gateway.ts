import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '../scripts/lib/repository-root.mjs';
import {
  type BenchProcess,
  type LoadGenerator,
  pinToCore,
  startHelper,
  startLoadGenerator,
} from './gateway/bench-process.ts';
import type { GatewayResult, Surroundings } from './gateway/gateway-result.ts';
import { judge } from './gateway/goals.ts';
import { measureDisk } from './gateway/measure-disk.ts';
import {
  measureIdle,
  measureLoopDelay,
  measureMemoryOfAborts,
  measureMemoryOfRequests,
  measureStart,
  measureStreams,
} from './gateway/measure-gateway.ts';
import { type Cell, measureCell, type Pace } from './gateway/measure-throughput.ts';
import { describeResult } from './gateway/report.ts';
import { rounded } from './gateway/statistics.ts';
import { directSystem, startGateway, startPortkey, startRawPassThrough, type System } from './gateway/systems.ts';
import { type Workload, workloads } from './gateway/workloads.ts';

/** How a run is asked for. */
export interface BenchOptions {
  readonly json: boolean;
  readonly quick: boolean;
  log(line: string): void;
}

/** The sizes of a run. */
interface Plan {
  readonly workloads: readonly Workload[];
  readonly connections: readonly number[];
  readonly pace: Pace;
  readonly requests: number;
  readonly aborts: number;
  readonly pacedStreams: number;
  readonly loopMs: number;
}

const serverCore = 1;
const loadCore = 0;
const memoryPortions = 5;

const fullPlan: Plan = {
  workloads,
  connections: [1, 10, 50, 500],
  pace: { rounds: 3, durationMs: 1500 },
  requests: 500_000,
  aborts: 50_000,
  pacedStreams: 1000,
  loopMs: 10_000,
};
const quickPlan: Plan = {
  ...fullPlan,
  workloads: workloads.filter(({ name }) => name.startsWith('chat')),
  connections: [1, 10],
  pace: { rounds: 3, durationMs: 500 },
  requests: 10_000,
  aborts: 1000,
  pacedStreams: 200,
  loopMs: 2000,
};

/** Everyone who takes part, with a way to send them home. */
interface Cast {
  readonly upstream: BenchProcess;
  readonly generator: LoadGenerator;
  readonly folder: string;
  readonly stop: () => Promise<void>;
}

/** Measures our gateway beside a raw pass-through and a peer, all in one run on one machine. */
export async function run(options: BenchOptions): Promise<GatewayResult> {
  const plan = options.quick ? quickPlan : fullPlan;
  const cast = await assemble();
  const loadBefore = rounded(loadavg()[0] ?? 0);
  const startedAt = new Date().toISOString().slice(0, 16);
  try {
    const disk = measureDisk(join(cast.folder, 'probe'), options.quick ? 200 : 1000);
    const startSeconds = await measureStart(cast.generator, {
      upstreamPort: cast.upstream.port,
      folder: cast.folder,
      requestOf: directSystem(cast.upstream).requestOf,
    });
    const { idle, requestMemory, abortMemory, streams } = await measureAlone(cast, plan, options);
    const where = { upstreamPort: cast.upstream.port, folder: cast.folder, durationMs: plan.loopMs };
    const loop = await measureLoopDelay(cast.generator, where);
    const { cells, pinned } = await measureSideBySide(cast, plan, options);
    const surroundings = describeSurroundings({ startedAt, loadBefore, pinned });
    const result = { surroundings, cells, disk, streams, idle, requestMemory, abortMemory, loop, startSeconds };
    return { ...result, goals: judge(result) };
  } finally {
    await cast.stop();
  }
}

/** The result for people. */
export function describe(result: GatewayResult): string {
  return describeResult(result);
}

async function assemble(): Promise<Cast> {
  // Beside the product's data, not in /tmp: that is often memory, where a sync costs nothing.
  const folder = mkdtempSync(join(repositoryRoot, '.bench-gateway-'));
  const upstream = await startHelper('instant-upstream.ts');
  const generator = await startLoadGenerator();
  const stop = async (): Promise<void> => {
    await Promise.all([upstream.stop(), generator.stop()]);
    rmSync(folder, { recursive: true, force: true });
  };
  return { upstream, generator, folder, stop };
}

/** What is measured on one fresh gateway, nothing else running beside it. */
async function measureAlone(
  { upstream, generator, folder }: Cast,
  plan: Plan,
  { log }: BenchOptions,
): Promise<Pick<GatewayResult, 'idle' | 'requestMemory' | 'abortMemory' | 'streams'>> {
  const upstreamPort = upstream.port;
  const system = await startGateway({ durability: 'durable', upstreamPort, folder: join(folder, 'alone') });
  const raw = await startRawPassThrough(upstreamPort);
  try {
    log(`idle memory, then ${plan.pacedStreams} paced streams`);
    const idle = await measureIdle(system);
    const streams = await measureStreams(generator, [directSystem(upstream), raw, system], plan.pacedStreams);
    log(`memory over ${plan.requests} requests`);
    const requests = { portions: memoryPortions, perPortion: plan.requests / memoryPortions };
    const requestMemory = await measureMemoryOfRequests(generator, system, requests);
    log(`memory over ${plan.aborts} aborted streams`);
    const aborts = { portions: memoryPortions, perPortion: plan.aborts / memoryPortions };
    const abortMemory = await measureMemoryOfAborts(generator, system, aborts);
    return { idle, streams, requestMemory, abortMemory };
  } finally {
    await Promise.all([system.process.stop(), raw.process.stop()]);
  }
}

/** Every workload at every number of connections, through all systems in turn. */
async function measureSideBySide(
  { upstream, generator, folder }: Cast,
  plan: Plan,
  { log }: BenchOptions,
): Promise<{ cells: Cell[]; pinned: boolean }> {
  const upstreamPort = upstream.port;
  const systems: System[] = [directSystem(upstream)];
  const cells: Cell[] = [];
  try {
    systems.push(await startRawPassThrough(upstreamPort));
    systems.push(await startGateway({ durability: 'durable', upstreamPort, folder }));
    systems.push(await startGateway({ durability: 'relaxed', upstreamPort, folder }));
    systems.push(await startPortkey(upstreamPort));
    const pinned = pinEverybody({ upstream, generator, systems });
    for (const workload of plan.workloads) {
      for (const connections of plan.connections) {
        log(`${workload.name}, ${connections} connections`);
        cells.push(await measureCell(generator, systems, { workload, connections, pace: plan.pace }));
      }
    }
    return { cells, pinned };
  } finally {
    await Promise.all(systems.slice(1).map(({ process }) => process.stop()));
  }
}

/** On two cores the main threads of the servers, never busy at the same time, share one; load and upstream the other. */
function pinEverybody({
  upstream,
  generator,
  systems,
}: Pick<Cast, 'upstream' | 'generator'> & { systems: readonly System[] }): boolean {
  if (availableParallelism() < 2) return false;
  const servers = systems.slice(1).map(({ process }) => pinToCore(process.pid, serverCore));
  const others = [upstream, generator].map(({ pid }) => pinToCore(pid, loadCore));
  return [...servers, ...others].every(Boolean);
}

function describeSurroundings(known: Pick<Surroundings, 'startedAt' | 'loadBefore' | 'pinned'>): Surroundings {
  return {
    ...known,
    processor: cpus()[0]?.model ?? 'unknown processor',
    cores: cpus().length,
    memoryGibibytes: Math.round(totalmem() / 1024 ** 3),
    node: process.version,
    system: `${type()} ${release()}`,
    loadAfter: rounded(loadavg()[0] ?? 0),
  };
}
