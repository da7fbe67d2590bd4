import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FinalFact, OutcomeFact } from '../../domain/facts/facts.ts';
import { Fault } from '../../domain/faults/fault.ts';
import { verdictOf } from '../../domain/outcomes/outcome.ts';
import { silentLogger } from '../../platform/logger.ts';
import type { Database } from '../../storage/index.ts';
import { sharedTestDatabase } from '../../storage/testing/shared-test-database.ts';
import type { RolloutObservation } from '../core/observe.ts';
import { planOf } from '../testing/simulate-rollout.ts';
import { RolloutService, type RolloutServiceDeps } from './rollout-service.ts';
import { changeRollout, findRollout, listRollouts } from './rollout-store.ts';

const database = sharedTestDatabase();
const plan = planOf({
  shadow: { minPairs: 0, isGraded: false, maxNanos: 0n },
  canary: { shares: [0.25, 1], minRequests: 20, minStepMs: 0 },
});
const better: RolloutObservation = { type: 'pair', source: 'offline', incumbent: 0, candidate: 1 };
const graded = Array.from({ length: 30 }, () => better);

function serviceAt(clock: { atMs: number }, change: Partial<RolloutServiceDeps> = {}): RolloutService {
  const now = { nowMs: () => clock.atMs, monotonicMs: () => clock.atMs };
  return new RolloutService({
    clock: now,
    logger: silentLogger,
    database,
    judge: (_, told) => verdictOf(told),
    processId: randomUUID(),
    ...change,
  });
}

function final(requestId: string, change: Partial<FinalFact> = {}): FinalFact {
  return {
    type: 'final',
    requestId,
    atMs: 1,
    status: 'completed',
    httpStatus: 200,
    key: 'k',
    customer: 'c',
    model: 'cheap',
    attempts: 1,
    costNanos: '1000',
    cache: 'bypass',
    totalMs: 10,
    job: 'support',
    ...change,
  };
}

describe('rollouts in the database', () => {
  it('begin with what is known, and give the candidate its share on every gateway after a beat', async () => {
    const clock = { atMs: 1_000 };
    const [one, other] = [serviceAt(clock), serviceAt(clock)];
    const made = await one.create(database(), plan, graded);
    expect(made).toMatchObject({ state: { stage: 'canary', step: 0 } });
    expect(other.assign('support', 'unit')).toBeUndefined();
    await other.beat();
    const arms = Array.from({ length: 1_000 }, (_, at) => other.assign('support', `unit-${at}`));
    const share = arms.filter((given) => given?.arm === 'candidate').length / 1_000;
    expect(share).toBeGreaterThan(0.2);
    expect(share).toBeLessThan(0.3);
    expect(other.assign('another', 'unit')).toBeUndefined();
  });

  it('of a prompt are beside those of who answers, and it stands until it is rolled back', async () => {
    const clock = { atMs: 1_000 };
    const service = serviceAt(clock);
    const model = await service.create(database(), { ...plan, canary: { ...plan.canary, shares: [1] } }, graded);
    if (Fault.is(model)) throw model;
    await changeRollout(database(), plan.id, ({ state }) => ({ state: { ...state, stage: 'promoted' }, atMs: 1_000 }));
    clock.atMs = 2_000;
    const prompt = { versionId: 'tone@2', instructions: 'Be kind.', replaces: '' };
    const told = { ...plan, id: 'rollout-2', kind: 'prompt', candidate: 'tone@2', incumbent: 'none', prompt } as const;
    await service.create(database(), told, graded);
    await service.beat();
    const drawn = Array.from({ length: 400 }, (_, at) => service.prompt('support', `unit-${at}`));
    const tried = drawn.filter((one) => one?.tried?.side.arm === 'candidate');
    expect(tried.length / drawn.length).toBeCloseTo(0.25, 0);
    expect(tried[0]).toMatchObject({ promoted: [], tried: { prompt, side: { kind: 'prompt', propensity: 0.25 } } });
    // What came in before stays in.
    expect(service.assign('support', 'unit')).toMatchObject({ kind: 'model', arm: 'candidate', propensity: 1 });
    const side = tried[0]?.tried?.side;
    if (side) service.answered(side, { final: final('r1'), isRescued: false });
    await service.beat();
    expect((await findRollout(database(), 'rollout-2'))?.state.arms.candidate.requests).toBe(1);
    await changeRollout(database(), 'rollout-2', ({ state }) => ({
      state: { ...state, stage: 'promoted' },
      atMs: 3_000,
    }));
    await service.beat();
    expect(service.prompt('support', 'unit')).toEqual({ promoted: [prompt] });
    await service.change(database(), 'rollout-2', { action: 'rollback', by: 'owner' });
    await service.beat();
    expect(service.prompt('support', 'unit')).toEqual({ promoted: [] });
    expect(service.prompt('another', 'unit')).toBeUndefined();
  });

  it('are one at a time per job', async () => {
    const service = serviceAt({ atMs: 1_000 });
    await service.create(database(), plan, graded);
    const second = await service.create(database(), { ...plan, id: 'rollout-2' }, graded);
    expect(Fault.is(second)).toBe(true);
  });

  it('count answers of all gateways and outcomes told later, and promote', async () => {
    const clock = { atMs: 1_000 };
    const services = [serviceAt(clock), serviceAt(clock)];
    await services[0]?.create(database(), plan, graded);
    for (let round = 0; round < 12; round++) {
      clock.atMs += 10_000;
      for (const [at, service] of services.entries()) {
        await service.beat();
        for (let request = 0; request < 40; request++) {
          const requestId = `r-${round}-${at}-${request}`;
          const assignment = service.assign('support', requestId);
          if (assignment === undefined) continue;
          service.answered(assignment, { final: final(requestId), isRescued: false });
          const { atMs } = clock;
          const outcome: OutcomeFact = { type: 'outcome', requestId, atMs, kind: 'pass', source: 'test', value: 1 };
          if (request % 2 === 0) service.told({ ...outcome, value: Number(assignment.arm === 'candidate') });
        }
        await service.beat();
      }
    }
    const rollout = await findRollout(database(), plan.id);
    expect(rollout?.state.stage).toBe('promoted');
    expect(rollout?.state.arms.candidate.requests).toBeGreaterThan(40);
    expect(services[1]?.assign('support', 'anybody')?.arm).toBe('candidate');
  });

  it('are not made invalid by what was on its way when a step began', async () => {
    const clock = { atMs: 1_000 };
    const service = serviceAt(clock);
    const steps = { ...plan, canary: { shares: [0.05, 0.25, 1], minRequests: 20, minStepMs: 0 } };
    await service.create(database(), steps, graded);
    await service.beat();
    const given = Array.from({ length: 3_000 }, (_, at) => service.assign('support', `unit-${at}`));
    const end = (from: number, to: number): void => {
      for (const [at, assignment] of given.slice(from, to).entries())
        if (assignment) service.answered(assignment, { final: final(`r-${from + at}`), isRescued: false });
    };
    // Long enough for one step; the rest of the same batch, and what ends after it, was drawn at the share before.
    end(0, 1_500);
    await service.beat();
    end(1_500, 3_000);
    await service.beat();
    const { state } = (await findRollout(database(), plan.id)) ?? {};
    expect(state).toMatchObject({ stage: 'canary', step: 1, assigned: { incumbent: 0, candidate: 0 } });
    const before = { ...plan, id: 'rollout-2', job: 'other' };
    expect(service.assign('other', 'unit')).toBeUndefined();
    await service.create(database(), before, graded);
    await service.beat();
    const earlier = { ...given.find((one) => one?.arm === 'incumbent'), rolloutId: 'rollout-2', propensity: 1 };
    service.answered(earlier as never, { final: final('r-early', { job: 'other' }), isRescued: false });
    await service.beat();
    expect((await findRollout(database(), 'rollout-2'))?.state.arms.incumbent.requests).toBe(0);
  });

  it('[proof 30] go back to the incumbent within seconds of a crossed guard, on every gateway', async () => {
    const clock = { atMs: 1_000 };
    const [one, other] = [serviceAt(clock), serviceAt(clock)];
    await one.create(database(), { ...plan, canary: { ...plan.canary, minRequests: 10_000 } }, graded);
    await Promise.all([one.beat(), other.beat()]);
    for (let request = 0; request < 400; request++) {
      const assignment = one.assign('support', `unit-${request}`);
      if (assignment)
        one.answered(assignment, {
          final: final(`r-${request}`, assignment.arm === 'candidate' ? { status: 'failed' } : {}),
          isRescued: false,
        });
    }
    await one.beat();
    await other.beat();
    expect(other.assign('support', 'unit-1')).toMatchObject({ arm: 'incumbent', propensity: 1 });
    expect((await findRollout(database(), plan.id))?.state.events.at(-1)?.reason).toBe(
      'the guard of errors was crossed',
    );
  });

  it('are known before the database is open, and who was turned away stays out when another one comes', async () => {
    const dataDirectory = mkdtempSync(join(tmpdir(), 'switchyard-rollouts-'));
    const clock = { atMs: 1_000 };
    const first = serviceAt(clock, { dataDirectory });
    await first.create(database(), { ...plan, candidate: 'bad' }, graded);
    await first.change(database(), plan.id, { action: 'rollback', by: 'owner' });
    clock.atMs = 2_000;
    await first.create(database(), { ...plan, id: 'rollout-2', candidate: 'good' }, graded);
    await first.close();
    const later = serviceAt(clock, { dataDirectory, database: () => undefined });
    await later.loadFromDisk();
    rmSync(dataDirectory, { recursive: true });
    expect([0.25, 0.75]).toContain(later.assign('support', 'unit')?.propensity);
    expect(later.assign('support', 'unit')?.candidate).toBe('good');
    expect([...later.barred('support')]).toEqual(['bad']);
  });

  it('keep what was seen when it cannot be counted, and count it with the next beat', async () => {
    const clock = { atMs: 1_000 };
    const open = { ...database() };
    let isBroken = true;
    const breaking = {
      ...open,
      isAvailable: () => true,
      get db() {
        if (isBroken) throw new Error('gone');
        return database().db;
      },
    };
    const service = serviceAt(clock, { database: () => breaking as unknown as Database });
    await service.create(database(), plan, graded);
    isBroken = false;
    await service.beat();
    isBroken = true;
    const assignment = service.assign('support', 'unit');
    if (!assignment) throw new Error('nothing is assigned');
    service.answered(assignment, { final: final('r-1'), isRescued: false });
    await service.beat();
    isBroken = false;
    await service.beat();
    const { state } = (await findRollout(database(), plan.id)) ?? {};
    expect((state?.arms.candidate.requests ?? 0) + (state?.arms.incumbent.requests ?? 0)).toBe(1);
  });

  it('count nothing of what was told before the start, which an earlier run counted', async () => {
    const clock = { atMs: 1_000 };
    const service = serviceAt(clock);
    await service.create(database(), plan, graded);
    await service.beat();
    for (const requestId of ['r-before', 'r-after']) {
      const assignment = service.assign('support', requestId);
      if (assignment) service.answered(assignment, { final: final(requestId), isRescued: false });
      const atMs = requestId === 'r-before' ? 999 : 1_000;
      const pass: OutcomeFact = { type: 'outcome', requestId, atMs: 1, kind: 'pass', source: 'test', value: 1 };
      service.told({ ...pass, receivedAtMs: atMs });
      service.told({ ...pass, kind: 'test', receivedAtMs: atMs });
    }
    clock.atMs += 10_000;
    await service.beat();
    const { incumbent, candidate } = (await findRollout(database(), plan.id))?.state.arms ?? {};
    expect((incumbent?.told ?? 0) + (candidate?.told ?? 0)).toBe(1);
  });

  it('count once what was committed though the answer of the database was lost', async () => {
    const clock = { atMs: 1_000 };
    let isLost = false;
    const execute = async (work: never): Promise<unknown> => {
      const done: unknown = await database().db.transaction().execute(work);
      if (isLost) throw new Error('connection lost');
      return done;
    };
    const db = new Proxy(database().db, {
      get(target, name) {
        if (name === 'transaction') return () => ({ execute });
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    const losing = { isAvailable: () => true, db } as unknown as Database;
    const service = serviceAt(clock, { database: () => losing });
    await service.create(database(), plan, graded);
    await service.beat();
    for (const requestId of ['r-1', 'r-2']) {
      const assignment = service.assign('support', requestId);
      if (assignment) service.answered(assignment, { final: final(requestId), isRescued: false });
      isLost = requestId === 'r-1';
      await service.beat();
    }
    await service.beat();
    const { incumbent, candidate } = (await findRollout(database(), plan.id))?.state.arms ?? {};
    expect((incumbent?.requests ?? 0) + (candidate?.requests ?? 0)).toBe(2);
  });

  it('are paused, resumed and rolled back by hand, and listed the latest first', async () => {
    const service = serviceAt({ atMs: 1_000 });
    await service.create(database(), plan, graded);
    await service.change(database(), plan.id, { action: 'pause', by: 'owner' });
    await service.beat();
    expect(service.assign('support', 'unit')).toMatchObject({ arm: 'incumbent', propensity: 1 });
    await service.change(database(), plan.id, { action: 'resume', by: 'owner' });
    await service.beat();
    expect([0.25, 0.75]).toContain(service.assign('support', 'unit')?.propensity);
    await service.change(database(), plan.id, { action: 'rollback', by: 'owner' });
    const [listed] = await listRollouts(database(), { limit: 10 });
    expect(listed?.state.events.at(-1)?.reason).toBe('rolled back by owner');
    expect(await service.change(database(), 'nothing', { action: 'pause', by: 'owner' })).toBeUndefined();
  });
});
