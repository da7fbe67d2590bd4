import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sandbox } from '../../src/runtime/contract.ts';
import { defaultLimits, WorkspaceDriver } from '../../src/runtime/index.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createIdSource } from '../../src/platform/ids.ts';
import { createSystemRandom } from '../../src/platform/random.ts';
import { type LoadGenerator, startHelper, startLoadGenerator } from '../gateway/bench-process.ts';
import type { LoopResult } from '../gateway/load-jobs.ts';
import { median, rounded } from '../gateway/statistics.ts';
import { startGateway, type System } from '../gateway/systems.ts';
import { workloadOf } from '../gateway/workloads.ts';
import type { Figure, Section } from '../section.ts';

const limits = { ...defaultLimits, cpuMs: 3_600_000, wallMs: 3_600_000 };
/** One takes all the processor it gets, in more processes than there are cores; one fills its memory again and again. */
const attacks = [
  'for one in 1 2 3 4; do while :; do :; done & done; wait',
  `while :; do perl -e 'my @kept; for (1 .. 4096) { push @kept, "x" x 1048576 }'; done`,
];
const connections = 2;

/** What the gateway's callers feel of guests that attack processor and memory. */
export const attack: Section = {
  name: 'attack',
  async measure({ quick, log }) {
    const folder = mkdtempSync(join(tmpdir(), 'switchyard-attack-'));
    const newId = createIdSource(systemClock, createSystemRandom());
    const driver = new WorkspaceDriver({ dataFolder: folder, clock: systemClock, newId });
    try {
      const { unusable } = await driver.probe();
      if (unusable === undefined) return await measureRounds(driver, { folder, rounds: quick ? 5 : 15 });
      log(`not measured: ${unusable.reason} ${unusable.remedy}`);
      return [];
    } finally {
      await driver.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** Quiet and attacked rounds take turns, so that what else the machine does falls on both alike. */
async function measureRounds(
  driver: WorkspaceDriver,
  { folder, rounds }: { readonly folder: string; readonly rounds: number },
): Promise<Figure[]> {
  const upstream = await startHelper('instant-upstream.ts');
  const generator = await startLoadGenerator();
  const gateway = await startGateway({ durability: 'durable', upstreamPort: upstream.port, folder });
  try {
    await p99(generator, gateway);
    const quiet: number[] = [];
    const attacked: number[] = [];
    for (let round = 0; round < rounds; round++) {
      quiet.push(await p99(generator, gateway));
      const guests = await Promise.all(attacks.map((program) => startGuest(driver, program)));
      attacked.push(await p99(generator, gateway));
      await Promise.all(guests.map((guest) => guest.destroy()));
    }
    const [before, during] = [median(quiet), median(attacked)];
    const name = 'gateway, p99';
    return [
      { name: `${name}, no guest at work`, value: before, unit: 'ms' },
      { name: `${name}, while guests attack processor and memory`, value: during, unit: 'ms' },
      { name: `${name}, times as long under attack`, value: rounded(during / before), unit: '', goal: { atMost: 1.2 } },
    ];
  } finally {
    await Promise.all([gateway.process.stop(), upstream.stop(), generator.stop()]);
  }
}

async function startGuest(driver: WorkspaceDriver, program: string): Promise<Sandbox> {
  const sandbox = await driver.create({ limits });
  await sandbox.exec({ argv: ['/bin/sh', '-c', program] });
  return sandbox;
}

async function p99(generator: LoadGenerator, gateway: System): Promise<number> {
  const request = gateway.requestOf(workloadOf('chat'));
  const bounds = { connections, durationMs: 2000, maxRequests: Number.MAX_SAFE_INTEGER };
  const { port } = gateway.process;
  const seen = await generator.run<LoopResult>({ kind: 'closed-loop', port, request, ...bounds });
  if (seen.errors > 0) throw new Error(`${seen.errors} requests failed`);
  return seen.p99Ms;
}
