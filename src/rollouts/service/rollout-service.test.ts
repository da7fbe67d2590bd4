import { describe, expect, it } from 'vitest';
import type { FinalFact, OutcomeFact } from '../../domain/facts.ts';
import { Fault } from '../../domain/fault.ts';
import { verdictOf } from '../../domain/outcome.ts';
import { silentLogger } from '../../platform/logger.ts';
import { sharedTestDatabase } from '../../storage/testing/shared-test-database.ts';
import type { RolloutObservation } from '../core/observe.ts';
import { planOf } from '../testing/simulate-rollout.ts';
import { RolloutService } from './rollout-service.ts';
import { findRollout, listRollouts } from './rollout-store.ts';

const database = sharedTestDatabase();
const plan = planOf({
  shadow: { minPairs: 0, isGraded: false, maxNanos: 0n },
  canary: { shares: [0.25, 1], minRequests: 20, minStepMs: 0 },
});
const better: RolloutObservation = { type: 'pair', source: 'offline', incumbent: 0, candidate: 1 };
const graded = Array.from({ length: 30 }, () => better);

function serviceAt(clock: { atMs: number }): RolloutService {
  const now = { nowMs: () => clock.atMs, monotonicMs: () => clock.atMs };
  return new RolloutService({ clock: now, logger: silentLogger, database, judge: (_, told) => verdictOf(told) });
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
          const outcome: OutcomeFact = { type: 'outcome', requestId, atMs: 1, kind: 'pass', source: 'test', value: 1 };
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
