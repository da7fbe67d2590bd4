import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sandbox } from '../../src/runtime/contract.ts';
import { defaultLimits, WorkspaceDriver } from '../../src/runtime/index.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createIdSource } from '../../src/platform/ids.ts';
import { createSystemRandom } from '../../src/platform/random.ts';
import type { Figure, Section } from '../section.ts';

const limits = { ...defaultLimits, wallMs: 30_000 };

/** Sandboxes in bubblewrap: how fast they are there, how many at once, what they hold when nothing happens. */
export const workspaces: Section = {
  name: 'workspaces',
  async measure({ quick, log }) {
    const dataFolder = mkdtempSync(join(tmpdir(), 'switchyard-bench-'));
    const newId = createIdSource(systemClock, createSystemRandom());
    const options = { dataFolder, clock: systemClock, newId };
    const cold = new WorkspaceDriver(options);
    const warm = new WorkspaceDriver({ ...options, warm: 4 });
    try {
      const { unusable } = await cold.probe();
      if (unusable) {
        log(`not measured: ${unusable.reason} ${unusable.remedy}`);
        return [];
      }
      await warm.probe();
      return [
        ...(await createAndRun(cold, 'create + first command', quick ? 50 : 300)),
        ...(await createAndRun(warm, 'create + first command, made ahead', quick ? 50 : 300)),
        ...(await burst(cold)),
        ...(await idle(cold, quick ? 100 : 1000)),
      ];
    } finally {
      await Promise.all([cold.close(), warm.close()]);
      rmSync(dataFolder, { recursive: true, force: true });
    }
  },
};

async function firstCommand(driver: WorkspaceDriver): Promise<Sandbox> {
  const sandbox = await driver.create({ limits });
  const { code } = await (await sandbox.exec({ argv: ['/bin/true'] })).exited;
  if (code !== 0) throw new Error(`the first command ended with ${code}`);
  return sandbox;
}

async function createAndRun(driver: WorkspaceDriver, name: string, rounds: number): Promise<Figure[]> {
  for (let round = 0; round < 5; round += 1) await (await firstCommand(driver)).destroy();
  const timesMs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    // What is made ahead is made between calls, not within one.
    await new Promise((resolve) => setTimeout(resolve, 20));
    const startMs = performance.now();
    const sandbox = await firstCommand(driver);
    timesMs.push(performance.now() - startMs);
    await sandbox.destroy();
  }
  timesMs.sort((one, other) => one - other);
  const at = (share: number): number => round1(timesMs[Math.min(rounds - 1, Math.floor(rounds * share))] ?? Number.NaN);
  return [
    { name: `${name}, p50`, value: at(0.5), unit: 'ms', goal: { atMost: 10 } },
    { name: `${name}, p99`, value: at(0.99), unit: 'ms', goal: { atMost: 40 } },
  ];
}

async function burst(driver: WorkspaceDriver): Promise<Figure[]> {
  const startMs = performance.now();
  const made = await Promise.all(Array.from({ length: 100 }, () => firstCommand(driver)));
  const value = round1(performance.now() - startMs);
  await Promise.all(made.map((sandbox) => sandbox.destroy()));
  return [{ name: '100 at once, each with a command', value, unit: 'ms', goal: { atMost: 1000 } }];
}

async function idle(driver: WorkspaceDriver, many: number): Promise<Figure[]> {
  const made: Sandbox[] = [];
  const before = ownMemory();
  while (made.length < many) {
    made.push(...(await Promise.all(Array.from({ length: 10 }, () => driver.create({ limits })))));
  }
  const bytes = keeperMemory() + ownMemory() - before;
  await Promise.all(made.map((sandbox) => sandbox.destroy()));
  const mib = bytes / 1024 / 1024;
  return [
    { name: `memory of ${many} idle sandboxes`, value: round1(mib), unit: 'MiB' },
    { name: 'the same for 1,000', value: round1((mib / many) * 1000), unit: 'MiB', goal: { atMost: 1536 } },
  ];
}

/** Memory of our keepers and what they keep, shared pages by their share. */
function keeperMemory(): number {
  const mark = `switchyard-keeper-${process.pid}-`;
  let bytes = 0;
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const isOurs = read(`/proc/${pid}/cmdline`).includes(mark) || read(`/proc/${pid}/cgroup`).includes(mark);
    if (isOurs) bytes += Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) * 1024;
  }
  return bytes;
}

function ownMemory(): number {
  return process.memoryUsage.rss();
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // It ended.
  }
}

function round1(value: number): number {
  return Math.round(value * 10) / 10;
}
