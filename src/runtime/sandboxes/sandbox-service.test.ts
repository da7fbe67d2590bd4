import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../platform/logger.ts';
import type { ComputeUse } from '../../domain/rating/compute.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { ComputeDesk } from '../compute/compute-desk.ts';
import { StandingUse } from '../compute/standing-use.ts';
import { SandboxService } from './sandbox-service.ts';
import type { SandboxSettings } from './sandbox-types.ts';
import { IdleDriver } from './testing/idle-driver.ts';

const settings: SandboxSettings = {
  perKey: 2,
  keptPerKey: 3,
  defaultTtlMs: 300_000,
  maxTtlMs: 600_000,
  pausedMs: 86_400_000,
  memoryBytes: 2 ** 29,
  diskBytes: 2 ** 30,
  processes: 64,
  fileBytes: 2 ** 20,
};

const ada = { key: 'ada', customer: 'acme' };
const bob = { key: 'bob', customer: 'acme' };
const wanted = { template: 'base' };

describe('long-lived sandboxes', () => {
  const cleanups: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const cleanUp of cleanups.splice(0)) await cleanUp();
  });

  function world(dataFolder = mkdtempSync(join(tmpdir(), 'sy-sandboxes-')), charged?: StandingUse, spares = 0) {
    const driver = new IdleDriver();
    const time = { nowMs: 1_000_000 };
    const bounds = { ...settings };
    let count = 0;
    const service = new SandboxService({
      driver,
      dataFolder,
      clock: { nowMs: () => time.nowMs, monotonicMs: () => time.nowMs },
      logger: createLogger('silent'),
      newId: (prefix) => `${prefix}_${String((count += 1)).padStart(4, '0')}${'0'.repeat(28)}`,
      settings: () => bounds,
      minIsolation: () => 'sandbox-rlimit',
      charged,
      spares: { least: spares, most: spares },
    });
    cleanups.push(async () => {
      for (const { id } of await service.list()) await service.kill(id);
      await service.close();
      rmSync(dataFolder, { recursive: true, force: true });
    });
    const pass = (forMs: number): Promise<void> => {
      time.nowMs += forMs;
      return service.look();
    };
    return { driver, service, dataFolder, time, pass, bounds };
  }

  it('belong to the key that made them, also among keys of one customer', async () => {
    const { service } = world();
    const { id } = await service.create(ada, wanted);
    expect(await service.list(bob)).toEqual([]);
    await expect(service.info(bob, id)).rejects.toMatchObject({ code: 'not_found' });
    await expect(service.setTtl(bob, id, 1000)).rejects.toMatchObject({ code: 'not_found' });
    await expect(service.connect(bob, id)).rejects.toMatchObject({ code: 'not_found' });
    await expect(service.pause(bob, id)).rejects.toMatchObject({ code: 'not_found' });
    expect(await service.kill(id, bob)).toBe(false);
    expect((await service.info(ada, id)).state).toBe('running');
  });

  it('are named by what fits a host name, and bear tokens of their own', async () => {
    const { service } = world();
    const one = await service.create(ada, wanted);
    const other = await service.create(ada, wanted);
    expect(one.id).toMatch(/^sbx[0-9a-f]{32}$/);
    expect(new Set([one.accessToken, one.trafficToken, other.accessToken, other.trafficToken]).size).toBe(4);
    expect(JSON.stringify(await service.summaries())).not.toContain(one.accessToken);
  });

  it('are bounded per key: running ones, and all that are kept', async () => {
    const { service } = world();
    const first = await service.create(ada, wanted);
    const made = await Promise.allSettled([service.create(ada, wanted), service.create(ada, wanted)]);
    expect(made.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await service.pause(ada, first.id);
    const third = await service.create(ada, wanted);
    await expect(service.connect(ada, first.id)).rejects.toMatchObject({ code: 'rate_limited' });
    await service.pause(ada, third.id);
    await expect(service.create(ada, wanted)).rejects.toMatchObject({ code: 'rate_limited' });
    expect((await service.create(bob, wanted)).state).toBe('running');
  });

  it('end when their time is over, and leave nothing', async () => {
    const { service, driver, pass } = world();
    const { id } = await service.create(ada, { ...wanted, ttlMs: 10_000 });
    const home = driver.specs[0]?.homeFolder ?? '';
    await pass(9_999);
    expect([await service.runs(id), existsSync(home)]).toEqual([true, true]);
    await pass(1);
    expect([await service.runs(id), driver.up.size, existsSync(home)]).toEqual([false, 0, false]);
    expect(await service.reach(id)).toBeUndefined();
  });

  it('take another time, longer or shorter, within what is allowed; connecting never shortens', async () => {
    const { service, time } = world();
    const { id } = await service.create(ada, wanted);
    await service.setTtl(ada, id, 1000);
    expect((await service.info(ada, id)).endsAtMs).toBe(time.nowMs + 1000);
    await service.connect(ada, id, 400_000);
    await service.connect(ada, id, 5);
    expect((await service.info(ada, id)).endsAtMs).toBe(time.nowMs + 400_000);
    await expect(service.setTtl(ada, id, 600_001)).rejects.toMatchObject({ code: 'invalid_request' });
  });

  it('keep their files over a pause, and get the time back that they had', async () => {
    const { service, driver, pass, time } = world();
    const { id } = await service.create(ada, { ...wanted, ttlMs: 20_000 });
    writeFileSync(join(driver.specs[0]?.homeFolder ?? '', 'kept'), 'yes');
    expect(await service.pause(ada, id)).toBe(true);
    expect(await service.pause(ada, id)).toBe(false);
    expect([driver.up.size, await service.runs(id)]).toEqual([0, false]);
    await pass(1_000_000);
    expect((await service.connect(ada, id)).woke).toBe(true);
    expect((await service.info(ada, id)).endsAtMs).toBe(time.nowMs + 20_000);
    expect(readdirSync(driver.specs[1]?.homeFolder ?? '')).toEqual(['kept']);
  });

  it('pause by themselves where they said so, and are woken by traffic only where they said that, too', async () => {
    const { service, pass } = world();
    const onTimeout = 'pause' as const;
    const still = await service.create(ada, { ...wanted, ttlMs: 1000, onTimeout });
    const light = await service.create(ada, { ...wanted, ttlMs: 1000, onTimeout, autoResume: true });
    await pass(1000);
    expect((await service.list(ada)).map(({ state }) => state)).toEqual(['paused', 'paused']);
    expect([await service.runs(light.id), await service.reach(still.id)]).toEqual([false, undefined]);
    expect((await service.reach(light.id))?.record.state).toBe('running');
  });

  it('are removed when nobody wakes them for long', async () => {
    const { service, pass } = world();
    const { id } = await service.create(ada, wanted);
    await service.pause(ada, id);
    await pass(settings.pausedMs - 1);
    expect(await service.list(ada)).toHaveLength(1);
    await pass(1);
    expect(await service.list(ada)).toEqual([]);
  });

  it('start again when their first process ended', async () => {
    const { service, driver } = world();
    const { id } = await service.create(ada, wanted);
    const live = await service.reach(id);
    await (await live?.boot())?.destroy();
    await Promise.resolve();
    expect(driver.up.size).toBe(0);
    await live?.boot();
    expect(driver.up.size).toBe(1);
    expect(driver.specs[1]?.homeFolder).toBe(driver.specs[0]?.homeFolder);
  });

  it('that cannot be started leave nothing', async () => {
    const { service, driver, dataFolder } = world();
    driver.fails = true;
    await expect(service.create(ada, wanted)).rejects.toThrow('no room');
    expect(await service.list()).toEqual([]);
    expect(readdirSync(join(dataFolder, 'runtime', 'sandboxes'))).toEqual([]);
  });

  it('are there again after a restart, without starting before they are needed; what belongs to none is removed', async () => {
    const { service, driver, dataFolder } = world();
    const kept = await service.create(ada, { ...wanted, metadata: { name: 'kept' } });
    const home = driver.specs[0]?.homeFolder ?? '';
    writeFileSync(join(home, 'file'), 'acknowledged');
    await service.close();
    const stray = join(home, '..', '..', 'sbxstray');
    writeFileSync(stray, '');
    writeFileSync(join(dataFolder, 'runtime', 'sandboxes', 'cut.json'), '{"id":');
    const later = world(dataFolder);
    expect(await later.service.list(ada)).toMatchObject([
      { id: kept.id, metadata: { name: 'kept' }, state: 'running' },
    ]);
    expect([later.driver.up.size, existsSync(stray)]).toEqual([0, false]);
    await (await later.service.reach(kept.id))?.boot();
    expect(readdirSync(later.driver.specs[0]?.homeFolder ?? '')).toEqual(['file']);
  });

  it('are there at once when one was made ahead: each is used once, and none is left at the end', async () => {
    const { service, driver } = world(undefined, undefined, 1);
    await service.create(ada, wanted);
    await expect.poll(() => driver.up.size).toBe(2);
    const second = await service.create(ada, wanted);
    await expect.poll(() => driver.up.size).toBe(3);
    expect(driver.specs).toHaveLength(3);
    const folder = join(driver.specs[0]?.homeFolder ?? '', '..', '..');
    expect(readdirSync(folder)).toContain(second.id);
    expect(await service.list()).toHaveLength(2);
    await service.close();
    expect([driver.up.size, readdirSync(folder).length]).toEqual([0, 2]);
  });

  it('measure what they use', async () => {
    const { service } = world();
    const { id } = await service.create(ada, wanted);
    const [metric] = await service.metrics(ada, id, {});
    expect(metric).toMatchObject({ memoryUsedBytes: 1000, memoryTotalBytes: 2 ** 29, diskTotalBytes: 2 ** 30 });
    expect(await service.metrics(ada, id, { startMs: 10 ** 12 })).toEqual([]);
  });

  it('are ended with everything in them when their disk is full, and run nothing until there is room', async () => {
    const { service, driver, bounds } = world();
    const { id } = await service.create(ada, wanted);
    const live = await service.reach(id);
    const big = join(driver.specs[0]?.homeFolder ?? '', 'big');
    writeFileSync(big, Buffer.alloc(200_000, 1));
    bounds.diskBytes = 100_000;
    await live?.checkDisk();
    expect([driver.up.size, await service.runs(id)]).toEqual([0, true]);
    const command = { program: 'x', arguments: [], environment: {}, user: 'user', takesInput: false };
    await expect(live?.commands.start(command, {})).rejects.toMatchObject({ code: 'too_large', param: 'disk' });
    rmSync(big);
    await expect(live?.commands.start(command, {})).rejects.toThrow('it runs nothing');
  });

  it('do not start again under the hands of who pauses or ends them', async () => {
    const { service, driver } = world();
    const { id } = await service.create(ada, wanted);
    const live = await service.reach(id);
    let late: Promise<unknown> | undefined;
    driver.ending = () => {
      late = Promise.allSettled([live?.boot()]);
    };
    await service.pause(ada, id);
    expect(await late).toMatchObject([{ status: 'rejected', reason: { code: 'not_found' } }]);
    expect([driver.up.size, live?.isUp]).toEqual([0, false]);
    await service.connect(ada, id);
    await service.kill(id);
    expect(await late).toMatchObject([{ status: 'rejected' }]);
    expect(driver.up.size).toBe(0);
  });

  it('that end in this moment are not written back by who gives them time or wakes them', async () => {
    const { service, dataFolder } = world();
    const { id } = await service.create(ada, wanted);
    const killing = service.kill(id);
    const late = await Promise.allSettled([service.setTtl(ada, id, 1000), service.connect(ada, id, 400_000)]);
    await killing;
    expect(late.map((one) => one.status === 'rejected' && (one.reason as Fault).code)).toEqual(
      late.map(() => 'not_found'),
    );
    expect(readdirSync(join(dataFolder, 'runtime', 'sandboxes'))).toEqual([]);
  });

  it('are charged for the time they were there, and refused without a budget', async () => {
    const { standing, charged, budget } = openDesk();
    const { service, time } = world(undefined, standing);
    const { id } = await service.create({ ...ada, project: 'web' }, wanted);
    time.nowMs += 2000;
    await service.kill(id, ada);
    await standing.flush();
    expect(charged).toMatchObject([{ customer: 'acme', project: 'web', use: { cpuMs: 5, wallMs: 2000 } }]);
    budget.isLeft = false;
    await expect(service.create(ada, wanted)).rejects.toMatchObject({ code: 'budget_exceeded' });
    expect(await service.list(ada)).toEqual([]);
  });

  it('that were made ahead are charged from their first moment, for what they used themselves', async () => {
    const { standing, charged } = openDesk();
    const { service, driver, time } = world(undefined, standing, 1);
    await service.create(ada, wanted);
    await expect.poll(() => driver.up.size).toBe(2);
    const { id } = await service.create(ada, wanted);
    time.nowMs += 3000;
    await service.kill(id, ada);
    await standing.flush();
    expect(charged).toMatchObject([{ use: { cpuMs: 0, wallMs: 3000 } }]);
  });

  it('that cannot be made of one that waits leave neither that nor what was held for them', async () => {
    const { standing, holds } = openDesk();
    const { service, driver } = world(undefined, standing, 1);
    await service.create(ada, wanted);
    await expect.poll(() => driver.up.size).toBe(2);
    await expect.poll(() => driver.specs).toHaveLength(2);
    const disks = join(driver.specs[0]?.homeFolder ?? '', '..', '..');
    // Stands where the disk of the next should be.
    const taken = join(disks, `sbx0003${'0'.repeat(28)}`);
    mkdirSync(join(taken, 'other'), { recursive: true });
    await expect(service.create(ada, wanted)).rejects.toThrow('ENOTEMPTY');
    await standing.flush();
    expect([driver.up.size, holds.open, readdirSync(disks).length]).toEqual([1, 1, 1]);
  });
});

/** Somebody who charges for sandboxes, and what was charged and is held. */
function openDesk() {
  const charged: { readonly use: ComputeUse; readonly customer: string; readonly project?: string | undefined }[] = [];
  const budget = { isLeft: true };
  const holds = { open: 0 };
  const admit: ComputeDesk['admit'] = ({ customer, project }) => {
    if (!budget.isLeft) return Promise.reject(new Fault('budget_exceeded'));
    holds.open += 1;
    let isOpen = true;
    const release = (): void => {
      if (isOpen) holds.open -= 1;
      isOpen = false;
    };
    const settle = (_: unknown, use: ComputeUse): Promise<void> => {
      release();
      return Promise.resolve(void charged.push({ use, customer, project }));
    };
    return Promise.resolve({ settle, release });
  };
  const desk = { isMetering: true, admit } as unknown as ComputeDesk;
  const fail = (error: unknown): never => {
    throw error;
  };
  const payerOf = (): Promise<undefined> => Promise.resolve(undefined);
  const standing = new StandingUse({ desk, kind: 'sandbox', payerOf, troubled: fail });
  return { standing, charged, budget, holds };
}
