import { atRest, cpuMsOf, type LoadGenerator, rssMebibytesOf } from './bench-process.ts';
import type { ClosedLoop, LoopResult } from './load-jobs.ts';
import { median, rounded } from './statistics.ts';
import type { System, SystemName } from './systems.ts';
import type { Workload } from './workloads.ts';

/** What one system did with one workload at one number of connections. */
export interface Measured {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly firstByteP50Ms: number;
  readonly firstByteP99Ms: number;
  readonly cpuMicrosPerRequest: number;
  readonly rssMebibytes: number;
  readonly errors: number;
}

/** All systems side by side: the same workload in the same minutes. */
export interface Cell {
  readonly workload: string;
  readonly connections: number;
  readonly systems: { readonly [name in SystemName]?: Measured };
}

/** How long and how often. */
export interface Pace {
  readonly rounds: number;
  readonly durationMs: number;
}

interface Round extends LoopResult {
  readonly cpuMs: number;
}

/**
 * Runs every system in turn, round after round, so that whatever else disturbs the machine disturbs all of them; the
 * median round counts.
 */
export async function measureCell(generator: LoadGenerator, systems: readonly System[], what: Task): Promise<Cell> {
  const rounds = new Map<System, Round[]>(systems.map((system) => [system, []]));
  for (const system of systems) await warmUp(generator, system, what);
  for (let round = 0; round < what.pace.rounds; round++) {
    // Every other round backwards: nobody always comes after the same neighbour.
    const ordered = round % 2 === 0 ? systems : systems.toReversed();
    for (const system of ordered) rounds.get(system)?.push(await runRound(generator, system, what));
  }
  const measured = systems.map((system) => [system.name, summarise(rounds.get(system) ?? [], system)] as const);
  return { workload: what.workload.name, connections: what.connections, systems: Object.fromEntries(measured) };
}

/** What is measured in a cell. */
interface Task {
  readonly workload: Workload;
  readonly connections: number;
  readonly pace: Pace;
}

const warmPortionMs = 700;
const longestWarmupMs = 40_000;
/** Portions in a row that must bring nothing new. */
const steadyPortions = 3;
/** A rate that is higher by less than this is the noise of the machine. */
const noticeable = 1.05;

/** Workloads that a system is warm for: another number of connections runs the same code. */
const warmWorkloads = new WeakMap<System, Set<string>>();

/**
 * Loads a system until it gets no faster. A program of some size runs its first thousands of requests in code that is
 * not compiled yet: a warm-up of fixed length would measure how long compiling takes on a machine that is busy.
 */
async function warmUp(generator: LoadGenerator, system: System, task: Task): Promise<void> {
  const warm = warmWorkloads.get(system) ?? new Set();
  warmWorkloads.set(system, warm);
  const portion = { ...jobOf(system, task), durationMs: warmPortionMs, maxRequests: Number.MAX_SAFE_INTEGER };
  if (warm.has(task.workload.name)) return void (await generator.run<LoopResult>(portion));
  await atRest(system.process);
  let best = 0;
  const endMs = performance.now() + longestWarmupMs;
  for (let steady = 0; steady < steadyPortions && performance.now() < endMs;) {
    const { requests, seconds } = await generator.run<LoopResult>(portion);
    const rate = requests / seconds;
    steady = rate > best * noticeable ? 0 : steady + 1;
    best = Math.max(best, rate);
  }
  warm.add(task.workload.name);
}

async function runRound(generator: LoadGenerator, system: System, task: Task): Promise<Round> {
  const { pid } = system.process;
  const cpuBeforeMs = cpuMsOf(pid);
  const limits = { durationMs: task.pace.durationMs, maxRequests: Number.MAX_SAFE_INTEGER };
  const result = await generator.run<LoopResult>({ ...jobOf(system, task), ...limits });
  return { ...result, cpuMs: cpuMsOf(pid) - cpuBeforeMs };
}

function jobOf(system: System, { workload, connections }: Task): Omit<ClosedLoop, 'durationMs' | 'maxRequests'> {
  const { port } = system.process;
  return { kind: 'closed-loop', port, request: system.requestOf(workload), connections };
}

function summarise(rounds: readonly Round[], system: System): Measured {
  const middle = (pick: (round: Round) => number): number => median(rounds.map(pick));
  return {
    requestsPerSecond: Math.round(middle(({ requests, seconds }) => requests / seconds)),
    p50Ms: middle(({ p50Ms }) => p50Ms),
    p99Ms: middle(({ p99Ms }) => p99Ms),
    firstByteP50Ms: middle(({ firstByteP50Ms }) => firstByteP50Ms),
    firstByteP99Ms: middle(({ firstByteP99Ms }) => firstByteP99Ms),
    cpuMicrosPerRequest: rounded(middle(({ cpuMs, requests }) => (cpuMs * 1000) / Math.max(1, requests))),
    rssMebibytes: rssMebibytesOf(system.process.pid),
    errors: rounds.reduce((sum, { errors }) => sum + errors, 0),
  };
}
