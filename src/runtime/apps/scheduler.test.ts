import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLogger } from '../../platform/logger.ts';
import { openTestDatabase, type TestDatabase } from '../../storage/testing/open-test-database.ts';
import { defaultFunctionLimits, type FunctionHost, type GuestEvent } from '../functions/index.ts';
import { PostgresAppStore } from './app-store.ts';
import { ScheduleStore } from './schedule-store.ts';
import { Scheduler, type SchedulerDeps } from './scheduler.ts';

const minuteMs = 60_000;
const startMs = Date.parse('2026-01-01T00:00:00Z');

describe('the scheduler', () => {
  let opened: TestDatabase;
  const told: GuestEvent[] = [];
  const state = { nowMs: startMs, ids: 0, hold: Promise.resolve() };
  const instance = {
    handlers: { fetch: true, scheduled: true },
    async tell(event: GuestEvent, signal?: AbortSignal) {
      told.push(event);
      const isDone = await Promise.race([
        state.hold.then(() => true),
        new Promise<boolean>((resolve) => signal?.addEventListener('abort', () => resolve(false))),
      ]);
      return { isDone, detail: '' };
    },
  };
  const limits = { ...defaultFunctionLimits, wallMs: 300_000 };
  const live = { stable: { hasCode: true, limits, spec: () => Promise.resolve({}) } };
  const deps = {
    directory: { find: () => live },
    host: { acquire: () => instance } as unknown as FunctionHost,
    clock: { nowMs: () => state.nowMs, monotonicMs: () => state.nowMs },
    logger: silentLogger,
    newId: (prefix: string) => `${prefix}_${state.ids++}`,
  } as unknown as SchedulerDeps;

  beforeAll(async () => {
    opened = await openTestDatabase();
    await new PostgresAppStore(opened.database).ensure({ name: 'shop', customer: null, createdAtMs: 0 });
  });
  afterAll(() => opened.close());

  async function begin(overlap: 'skip' | 'queue'): Promise<ScheduleStore> {
    const store = new ScheduleStore(opened.database);
    state.nowMs = startMs;
    state.hold = Promise.resolve();
    told.length = 0;
    await store.replace('shop', []);
    const one = { name: 'tick', cron: '* * * * *', timeZone: 'UTC', overlap, nextDueAtMs: startMs };
    await store.replace('shop', [one]);
    return store;
  }

  const times = (): number[] => told.map(({ scheduledTime }) => (scheduledTime - startMs) / minuteMs);

  it('tells of a due time once, whoever looks, and of times that were missed once', async () => {
    const store = await begin('skip');
    const gateways = [new Scheduler(deps), new Scheduler(deps)];
    await Promise.all(gateways.map((one) => one.look(opened.database)));
    await Promise.all(gateways.map((one) => one.settled()));
    expect(times()).toEqual([0]);
    state.nowMs = startMs + 10 * minuteMs;
    await gateways[0]?.look(opened.database);
    await gateways[0]?.settled();
    expect(times()).toEqual([0, 1]);
    const [schedule] = await store.list('shop');
    expect(schedule).toMatchObject({ nextDueAtMs: startMs + 11 * minuteMs, lastRun: { status: 'succeeded' } });
  });

  it.each([
    ['skip' as const, [0, 2]],
    ['queue' as const, [0, 1]],
  ])('while the one before is at work: %s', async (overlap, wanted) => {
    await begin(overlap);
    const scheduler = new Scheduler(deps);
    let finish: () => void = () => undefined;
    state.hold = new Promise((resolve) => (finish = resolve));
    await scheduler.look(opened.database);
    state.nowMs = startMs + minuteMs;
    await scheduler.look(opened.database);
    finish();
    await scheduler.settled();
    expect(times()).toEqual([0]);
    state.nowMs = startMs + (wanted[1] ?? 0) * minuteMs;
    await scheduler.look(opened.database);
    await scheduler.settled();
    expect(times()).toEqual(wanted);
  });

  it('holds its lease for as long as the version may take, and not for ever', async () => {
    const store = await begin('skip');
    const scheduler = new Scheduler(deps);
    const other = new Scheduler(deps);
    let finish: () => void = () => undefined;
    state.hold = new Promise((resolve) => (finish = resolve));
    await scheduler.look(opened.database);
    state.nowMs = startMs + 5 * minuteMs;
    await other.look(opened.database);
    expect((await store.list('shop'))[0]?.lastRun).toMatchObject({ status: 'skipped' });
    state.nowMs = startMs + 10 * minuteMs;
    await other.look(opened.database);
    finish();
    await Promise.all([scheduler.settled(), other.settled()]);
    expect(times()).toEqual([0, 6]);
  });

  it('stops within its grace, whatever an app is doing, and writes down that it was given up', async () => {
    const store = await begin('skip');
    const scheduler = new Scheduler(deps);
    state.hold = new Promise(() => undefined);
    const stop = scheduler.start(opened.database, 0);
    await scheduler.look(opened.database);
    await stop();
    const [schedule] = await store.list('shop');
    expect(schedule?.lastRun).toMatchObject({ status: 'failed', detail: 'the gateway stopped before it ended' });
    expect((await store.due(startMs + 2 * minuteMs, 10))[0]).toMatchObject({ isBusy: false });
  });
});
