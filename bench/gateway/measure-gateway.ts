import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expectedStamp, readStamp } from '../../scripts/lib/install-state.mjs';
import { findNpmEntry } from '../../scripts/lib/npm-command.mjs';
import { repositoryRoot } from '../../scripts/lib/repository-root.mjs';
import { type BenchProcess, cpuMsOf, type LoadGenerator, rssMebibytesOf, startServer } from './bench-process.ts';
import type { AbortsResult, LoopResult, StreamsResult } from './load-jobs.ts';
import { rounded } from './statistics.ts';
import { gatewayEnvironment, type System, startGateway, writeConfiguration } from './systems.ts';
import { pacedRequestBody, workloadOf } from './workloads.ts';

const paced = { path: '/v1/chat/completions', requestBody: pacedRequestBody };

/** Delay that a system adds to the chunks of many streams, over those of the upstream itself. */
export interface StreamsMeasured extends StreamsResult {
  readonly name: string;
  readonly addedDelayP99Ms: number;
  readonly peakRssMebibytes: number;
}

/** Reads many paced streams at once through each system, one system after the other; the direct one comes first. */
export async function measureStreams(
  generator: LoadGenerator,
  systems: readonly System[],
  streams: number,
): Promise<StreamsMeasured[]> {
  const measured: StreamsMeasured[] = [];
  for (const system of systems) {
    const { pid, port } = system.process;
    let peakRssMebibytes = 0;
    const sampler = setInterval(() => {
      peakRssMebibytes = Math.max(peakRssMebibytes, rssMebibytesOf(pid));
    }, 200);
    const request = system.requestOf(paced);
    const result = await generator.run<StreamsResult>({ kind: 'paced-streams', port, request, streams });
    clearInterval(sampler);
    const floorMs = measured[0]?.delayP99Ms ?? result.delayP99Ms;
    const addedDelayP99Ms = rounded(result.delayP99Ms - floorMs);
    measured.push({ name: system.name, ...result, addedDelayP99Ms, peakRssMebibytes });
  }
  return measured;
}

/** Memory after each of some equal portions of work. */
export interface MemoryMeasured {
  readonly portions: number;
  readonly perPortion: number;
  readonly rssMebibytes: readonly number[];
  /** Last against second portion: the first one warms up. */
  readonly growthMebibytes: number;
  readonly errors: number;
}

interface Portions {
  readonly portions: number;
  readonly perPortion: number;
}

/** Sends many requests, half of them streamed, and looks at the memory after each portion. */
export function measureMemoryOfRequests(
  generator: LoadGenerator,
  system: System,
  size: Portions,
): Promise<MemoryMeasured> {
  const { port } = system.process;
  const limits = { connections: 50, durationMs: 3_600_000, maxRequests: size.perPortion / 2 };
  return inPortions(system, size, async () => {
    let errors = 0;
    for (const name of ['chat', 'chat stream']) {
      const request = system.requestOf(workloadOf(name));
      errors += (await generator.run<LoopResult>({ kind: 'closed-loop', port, request, ...limits })).errors;
    }
    return errors;
  });
}

/** Opens many streams and leaves each in the middle. */
export function measureMemoryOfAborts(
  generator: LoadGenerator,
  system: System,
  size: Portions,
): Promise<MemoryMeasured> {
  const { port } = system.process;
  const request = system.requestOf(paced);
  const job = { kind: 'aborted-streams', port, request, streams: size.perPortion, connections: 100 } as const;
  return inPortions(system, size, async () => {
    const { aborted, errors } = await generator.run<AbortsResult>(job);
    return errors + (size.perPortion - aborted - errors);
  });
}

async function inPortions(
  system: System,
  { portions, perPortion }: Portions,
  portion: () => Promise<number>,
): Promise<MemoryMeasured> {
  const rssMebibytes: number[] = [];
  let errors = 0;
  for (let count = 0; count < portions; count++) {
    errors += await portion();
    // What was just used is not yet given back: the collector needs a quiet moment.
    await pause(1000);
    rssMebibytes.push(rssMebibytesOf(system.process.pid));
  }
  const growthMebibytes = rounded((rssMebibytes.at(-1) ?? 0) - (rssMebibytes[1] ?? 0));
  return { portions, perPortion, rssMebibytes, growthMebibytes, errors };
}

/** Delay of the gateway's event loop, idle time aside. */
export interface LoopMeasured {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Loads a gateway that has a monitor of its event loop inside. */
export async function measureLoopDelay(
  generator: LoadGenerator,
  where: { readonly upstreamPort: number; readonly folder: string; readonly durationMs: number },
): Promise<LoopMeasured> {
  const folder = join(where.folder, 'loop');
  const file = join(folder, 'loop.json');
  mkdirSync(folder, { recursive: true });
  const monitor = fileURLToPath(new URL('loop-monitor.mjs', import.meta.url));
  const system = await startGateway({
    durability: 'durable',
    upstreamPort: where.upstreamPort,
    folder,
    nodeParameters: ['--import', monitor],
    environment: { BENCH_LOOP_FILE: file },
  });
  const { pid, port } = system.process;
  const request = system.requestOf(workloadOf('chat'));
  const job = { kind: 'closed-loop', port, request, connections: 10 } as const;
  await generator.run<LoopResult>({ ...job, durationMs: 60_000, maxRequests: 5000 });
  await readLoop(pid, file);
  const { requests, seconds } = await generator.run<LoopResult>({
    ...job,
    durationMs: where.durationMs,
    maxRequests: Number.MAX_SAFE_INTEGER,
  });
  const { p50Ms, p99Ms, maxMs } = await readLoop(pid, file);
  await system.process.stop();
  const requestsPerSecond = Math.round(requests / seconds);
  return { requestsPerSecond, p50Ms: rounded(p50Ms), p99Ms: rounded(p99Ms), maxMs: rounded(maxMs) };
}

async function readLoop(pid: number, file: string): Promise<Omit<LoopMeasured, 'requestsPerSecond'>> {
  rmSync(file, { force: true });
  process.kill(pid, 'SIGUSR2');
  while (!existsSync(file)) await pause(10);
  await pause(50);
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** What a gateway needs that does nothing. */
export interface IdleMeasured {
  readonly rssMebibytes: number;
  readonly cpuPercent: number;
}

/** Looks at a gateway that was started and left alone. */
export async function measureIdle(system: System): Promise<IdleMeasured> {
  const { pid } = system.process;
  await pause(2000);
  const cpuBeforeMs = cpuMsOf(pid);
  await pause(3000);
  return { rssMebibytes: rssMebibytesOf(pid), cpuPercent: rounded((cpuMsOf(pid) - cpuBeforeMs) / 30) };
}

/**
 * Seconds from `npm start`, as a user types it, to the first answered request. Undefined when the dependencies are not
 * what the lockfile says: the start would install them, and a measurement changes no installation.
 */
export async function measureStart(
  generator: LoadGenerator,
  where: { readonly upstreamPort: number; readonly folder: string; requestOf: System['requestOf'] },
): Promise<number | undefined> {
  if (readStamp(repositoryRoot) !== expectedStamp(repositoryRoot)) return undefined;
  const folder = join(where.folder, 'start');
  const file = writeConfiguration({ durability: 'durable', upstreamPort: where.upstreamPort, folder });
  const startMs = performance.now();
  const product: BenchProcess = await startServer({
    parameters: [findNpmEntry(process.env), 'start', '--', '--config', file, '--port', '0', '--data', folder],
    folder: repositoryRoot,
    environment: gatewayEnvironment(),
    ready: /listening on http:\/\/127\.0\.0\.1:(\d+)/,
  });
  const request = where.requestOf(workloadOf('chat'));
  const once = { connections: 1, durationMs: 10_000, maxRequests: 1 };
  const { port } = product;
  const { requests } = await generator.run<LoopResult>({ kind: 'closed-loop', port, request, ...once });
  const seconds = (performance.now() - startMs) / 1000;
  await product.stop();
  if (requests !== 1) throw new Error('the first request after npm start was not answered');
  return rounded(seconds);
}
