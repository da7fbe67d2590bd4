import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { defaultLimits, WorkspaceDriver } from '../../src/runtime/index.ts';
import { findControlGroups } from '../../src/runtime/workspaces/control-groups.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createIdSource } from '../../src/platform/ids.ts';
import { createSystemRandom } from '../../src/platform/random.ts';
import { killSupervisor } from './kill-supervisor.ts';

const dataFolder = mkdtempSync(join(tmpdir(), 'switchyard-killed-'));
const newId = createIdSource(systemClock, createSystemRandom());
const driver = new WorkspaceDriver({ dataFolder, clock: systemClock, newId });
const isUsable = (await driver.probe()).unusable === undefined;

afterAll(async () => {
  await driver.close();
  rmSync(dataFolder, { recursive: true, force: true });
});

describe.skipIf(!isUsable)('[hostile 63] a supervisor that is killed', () => {
  it.each([1, 4])('leaves nothing of its %i sandboxes once the next one has started', async (after) => {
    const killed = await killSupervisor(dataFolder, { after });
    await driver.sweep();
    await nothingIsLeft(killed);
  });

  it('leaves nothing without control groups either', async () => {
    const killed = await killSupervisor(dataFolder, { after: 2, groups: 'none' });
    await driver.sweep();
    await nothingIsLeft(killed);
  });
});

describe.skipIf(!isUsable)('sandboxes that come and go', () => {
  it('leave no process, group, folder or descriptor', async () => {
    const before = await settled();
    for (let round = 0; round < 5; round += 1) {
      const network = { mode: 'allowed', allow: ['example.com'] } as const;
      const specs = [{ limits: defaultLimits }, { limits: defaultLimits }, { limits: defaultLimits, network }];
      const sandboxes = await Promise.all(specs.map((spec) => driver.create(spec)));
      await Promise.all(
        sandboxes.map(async (sandbox) => {
          const running = await sandbox.exec({ argv: ['sh', '-c', 'sleep 60 & echo started'] });
          await running.exited;
          await sandbox.destroy();
        }),
      );
    }
    expect(await settled()).toEqual(before);
  });
});

/** What was killed goes as soon as the machine lets it run: it is looked for until then. */
async function nothingIsLeft(killed: Awaited<ReturnType<typeof killSupervisor>>): Promise<void> {
  if (killed === 'unusable') throw new Error('sandboxes can be made here, but not by the supervisor that is killed');
  await expect.poll(() => killed.look()).toEqual({ processes: 0, groups: 0, sockets: 0 });
}

/** What this process holds, once the last ends are told. */
async function settled(): Promise<{
  descriptors: number;
  groups: number;
  keepers: number;
  mounts: number;
  sockets: number;
}> {
  let last = '';
  for (let tries = 0; tries < 100; tries += 1) {
    const seen = held();
    if (JSON.stringify(seen) === last) return seen;
    last = JSON.stringify(seen);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return held();
}

function held(): { descriptors: number; groups: number; keepers: number; mounts: number; sockets: number } {
  const own = `-${process.pid}-`;
  const isKeeper = (pid: string): boolean => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`switchyard-keeper${own}`);
    } catch {
      return false; // It ended, or is no process.
    }
  };
  return {
    descriptors: readdirSync('/proc/self/fd').length,
    groups: (findControlGroups()?.leftovers() ?? []).filter(({ name }) => name.includes(own)).length,
    keepers: readdirSync('/proc').filter(isKeeper).length,
    // Others on the machine mount and unmount as well.
    mounts: readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .filter((line) => line.includes(dataFolder)).length,
    sockets: readFileSync('/proc/net/unix', 'utf8')
      .split('\n')
      .filter((line) => line.includes(`/sockets/${process.pid}-`)).length,
  };
}
