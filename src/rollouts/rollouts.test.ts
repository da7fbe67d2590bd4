import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bigintAsText } from '../domain/json/bigint-as-text.ts';
import { seededRandom } from '../domain/statistics/seeded-random.ts';
import { advance, isFinished, isProven, pause, resume, rollBack } from './core/advance.ts';
import { assignArm } from './core/assign-arm.ts';
import { evidenceOf, evidenceText } from './core/evidence.ts';
import { observe } from './core/observe.ts';
import type { RolloutPlan } from './core/rollout-plan.ts';
import { openRollout, type RolloutState, shareOf } from './core/rollout-state.ts';
import { planOf, simulate } from './testing/simulate-rollout.ts';

function pairs(
  plan: RolloutPlan,
  state: RolloutState,
  of: { source: 'screening' | 'offline' | 'shadow' | 'judged'; differences: readonly number[] },
): RolloutState {
  let next = state;
  for (const difference of of.differences) {
    next = observe(plan, next, {
      type: 'pair',
      source: of.source,
      incumbent: Number(difference < 0),
      candidate: Number(difference > 0),
    });
  }
  return next;
}

describe('a rollout', () => {
  it('may be ended by a judge, and is never proven by one', () => {
    const plan = planOf({ shadow: { ...planOf().shadow, judge: { model: 'judge', criterion: 'right' } } });
    const of = (differences: readonly number[]): RolloutState =>
      advance(plan, pairs(plan, openRollout(plan, 0), { source: 'judged', differences }), 1);
    const liked = of(Array.from({ length: 500 }, () => 1));
    expect([liked.stage, isProven(plan, liked)]).toEqual(['offline', false]);
    const disliked = of(Array.from({ length: 500 }, () => -1));
    expect(disliked.stage).toBe('rolled_back');
    expect(disliked.events.at(-1)?.reason).toBe('the judge finds the candidate worse by more than 2.0 points');
    expect(evidenceText(evidenceOf(plan, disliked))).toContain('by a judge, proves nothing');
  });

  it('promotes a better and cheaper candidate within ten minutes of traffic, step by step', () => {
    const { state, atMs } = simulate(planOf(), { seed: 1, incumbent: 0.8, candidate: 0.93 });
    expect(state.stage).toBe('promoted');
    expect(atMs).toBeLessThanOrEqual(600_000);
    expect(state.events.map(({ stage, share }) => `${stage} ${share}`)).toEqual([
      'offline 0',
      'shadow 0',
      'canary 0.05',
      'canary 0.25',
      'canary 1',
      'promoted 1',
    ]);
  });

  it('rejects a worse one before any customer sees it', () => {
    const { state } = simulate(planOf(), { seed: 2, incumbent: 0.9, candidate: 0.7 });
    expect(state.stage).toBe('rolled_back');
    expect(state.events.every(({ share }) => share === 0)).toBe(true);
    expect(state.events.at(-1)?.reason).toContain('worse by more than 2.0 points');
  });

  it('answers "needs N more" for one that is neither, and goes on when it is resumed', () => {
    const plan = planOf({ maxStageMs: 60_000 });
    const { state, atMs } = simulate(plan, { seed: 3, incumbent: 0.8, candidate: 0.8 });
    expect(state.stage).toBe('needs_more');
    expect(state.needsMore).toBeGreaterThan(100);
    expect(shareOf(plan, state)).toBe(0);
    expect(resume(plan, state, atMs).stage).toBe('shadow');
  });

  it('rolls back on the first guard that is crossed, in well under a minute of traffic', () => {
    const plan = planOf({
      shadow: { minPairs: 0, isGraded: false, maxNanos: 0n },
      canary: { shares: [0.05, 1], minRequests: 1_000, minStepMs: 0 },
    });
    const { state } = simulate(plan, { seed: 4, incumbent: 0.8, candidate: 0.8, candidateErrors: 0.5 });
    expect(state.stage).toBe('rolled_back');
    expect(state.events.at(-1)?.reason).toBe('the guard of errors was crossed');
    const [, canary, end] = state.events;
    expect((end?.atMs ?? Infinity) - (canary?.atMs ?? 0)).toBeLessThan(60_000);
  });

  it('rarely rolls back what is as good as the incumbent', () => {
    let alarms = 0;
    for (let seed = 0; seed < 12; seed++) {
      const { state } = simulate(planOf({ shadow: { minPairs: 0, isGraded: false, maxNanos: 0n } }), {
        seed,
        incumbent: 0.8,
        candidate: 0.8,
        lastMs: 60_000,
      });
      if (state.stage === 'rolled_back') alarms++;
    }
    expect(alarms).toBeLessThanOrEqual(2);
  });

  it('is invalid when the sides do not get the shares that they were meant to get', () => {
    const plan = planOf({
      shadow: { minPairs: 0, isGraded: false, maxNanos: 0n },
      canary: { shares: [0.05, 1], minRequests: 5_000, minStepMs: 0 },
    });
    let state = advance(
      plan,
      pairs(plan, openRollout(plan, 0), { source: 'offline', differences: Array.from({ length: 30 }, () => 0) }),
      1,
    );
    for (let request = 0; request < 3_000 && !isFinished(state); request++) {
      const arm = request % 10 === 0 ? 'candidate' : 'incumbent';
      // A conversation of three requests is one unit: the ratio is that of what was drawn.
      if (request % 3 === 0)
        state = observe(plan, state, { type: 'unit', arm: request % 30 === 0 ? 'candidate' : 'incumbent' });
      state = observe(plan, state, {
        type: 'answer',
        arm,
        isError: false,
        isRefusal: false,
        isSlow: false,
        costNanos: 1,
      });
      state = advance(plan, state, 2);
    }
    expect(state.events.at(-1)?.reason).toContain('the experiment is invalid: 50 of 500 units at a share of 0.05');
  });

  it('compares nothing that was drawn before the present step, however late it ends', () => {
    const plan = planOf({ canary: { shares: [0.05, 0.25, 1], minRequests: 1, minStepMs: 0 } });
    const opened = openRollout(plan, 0);
    let state: RolloutState = { ...opened, stage: 'canary', step: 1 };
    const sides = { candidate: [0.05, 0.25], incumbent: [0.95, 0.75] } as const;
    const note = (arm: 'incumbent' | 'candidate', propensity: number): void => {
      const answer = { isError: true, isRefusal: false, isSlow: true, costNanos: 9 };
      state = observe(plan, state, { type: 'unit', arm, propensity });
      state = observe(plan, state, { type: 'answer', arm, propensity, ...answer });
      state = observe(plan, state, { type: 'outcome', arm, propensity, success: 1 });
    };
    for (const arm of ['incumbent', 'candidate'] as const) note(arm, sides[arm][0]);
    const { assigned, stepAnswers, live, guards, arms, waiting } = state;
    expect({ assigned, stepAnswers, live, guards }).toEqual({
      assigned: { incumbent: 0, candidate: 0 },
      stepAnswers: 0,
      live: opened.live,
      guards: opened.guards,
    });
    expect(waiting).toEqual(opened.waiting);
    expect(arms.candidate).toMatchObject({ requests: 1, told: 1, errors: 1 });
    for (const arm of ['incumbent', 'candidate'] as const) note(arm, sides[arm][1]);
    expect(state.assigned).toEqual({ incumbent: 1, candidate: 1 });
    expect(state.live.ties).toBe(1);
  });

  it('gives nothing to the candidate while it is paused, and nothing after it was rolled back by hand', () => {
    const plan = planOf({ shadow: { minPairs: 0, isGraded: false, maxNanos: 0n } });
    const graded = pairs(plan, openRollout(plan, 0), {
      source: 'offline',
      differences: Array.from({ length: 30 }, () => 1),
    });
    const canary = advance(plan, graded, 1);
    expect(shareOf(plan, canary)).toBe(0.05);
    const paused = pause(canary, 2);
    expect(shareOf(plan, paused)).toBe(0);
    expect(shareOf(plan, resume(plan, paused, 3))).toBe(0.05);
    const back = rollBack(plan, paused, { atMs: 4, reason: 'asked by owner' });
    expect(back.stage).toBe('rolled_back');
    expect(resume(plan, back, 5)).toBe(back);
  });

  it('goes on from stored state exactly where it was', () => {
    const { state } = simulate(planOf(), { seed: 5, incumbent: 0.8, candidate: 0.82, lastMs: 30_000 });
    const text = JSON.stringify(state, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
    const stored = JSON.parse(text) as Omit<RolloutState, 'shadowSpentNanos'> & { shadowSpentNanos: string };
    expect({ ...stored, shadowSpentNanos: BigInt(stored.shadowSpentNanos) }).toEqual(state);
  });
});

describe('a shadow', () => {
  const plan = planOf({ shadow: { minPairs: 5, isGraded: false, maxNanos: 100n } });
  const even = Array.from({ length: 30 }, () => 0);
  const opened = advance(plan, pairs(plan, openRollout(plan, 0), { source: 'offline', differences: even }), 0);

  it('raises an alarm on the timeline when not a single copy comes back, once', () => {
    let state = observe(plan, opened, { type: 'shadow', costNanos: 0n, result: 'missing' });
    state = advance(plan, state, 59_999);
    expect(evidenceOf(plan, state).alarms).toEqual([]);
    state = advance(plan, advance(plan, state, 60_000), 61_000);
    expect(evidenceOf(plan, state).alarms).toEqual(['no shadow copy in 60 seconds, none of 1 came back']);
    expect(state.stage).toBe('shadow');
    expect(evidenceOf(plan, state).verdict).not.toContain('alarm');
  });

  it('goes on to the canary with enough answers, and says what it needs when its money is spent', () => {
    let state = opened;
    for (let copy = 0; copy < 5; copy++)
      state = observe(plan, state, { type: 'shadow', costNanos: 10n, result: 'copied' });
    expect(advance(plan, state, 1).stage).toBe('canary');
    const broke = advance(plan, observe(plan, opened, { type: 'shadow', costNanos: 0n, result: 'unaffordable' }), 1);
    expect(broke.stage).toBe('needs_more');
    expect(broke.events.at(-1)?.reason).toMatch(/^the money for copies is spent: needs/);
    expect(advance(plan, resume(plan, broke, 2), 3).stage).toBe('shadow');
  });
});

describe('picking from many', () => {
  it('promotes at most one in twenty of forty equal candidates that are each three points worse, margin two', () => {
    const random = seededRandom(35);
    const trials = 60;
    let promoted = 0;
    for (let trial = 0; trial < trials; trial++) {
      // Of forty that are all alike, the one that looks best on a hundred items.
      const screened = Array.from({ length: 40 }, () => Array.from({ length: 100 }, () => drawn(random, -0.03)));
      const best = screened.reduce((top, one) => (sum(one) > sum(top) ? one : top));
      const plan = planOf({
        pickedFrom: 40,
        offline: { minPairs: 100 },
        shadow: { minPairs: 50, isGraded: true, maxNanos: 0n },
      });
      let state = pairs(plan, openRollout(plan, 0), { source: 'screening', differences: best });
      for (let look = 0; look < 30 && !isFinished(state) && !isProven(plan, state); look++) {
        state = pairs(plan, state, {
          source: 'shadow',
          differences: Array.from({ length: 25 }, () => drawn(random, -0.03)),
        });
        state = advance(plan, state, look);
      }
      if (isProven(plan, state)) promoted++;
    }
    expect(promoted / trials).toBeLessThanOrEqual(0.05);
  });

  it('counts nothing of the pick as proof', () => {
    const plan = planOf({ pickedFrom: 40 });
    const state = pairs(plan, openRollout(plan, 0), {
      source: 'screening',
      differences: Array.from({ length: 400 }, () => 1),
    });
    expect(isProven(plan, state)).toBe(false);
    expect(evidenceText(evidenceOf(plan, state))).toContain('screening: 400 better, 0 worse, 0 alike');
  });

  it('declares at most one winner in twenty among equals, looked at every ten pairs', () => {
    const random = seededRandom(7);
    const plan = planOf();
    let winners = 0;
    for (let trial = 0; trial < 60; trial++) {
      let state = openRollout(plan, 0);
      for (let look = 0; look < 30; look++) {
        state = pairs(plan, state, {
          source: 'shadow',
          differences: Array.from({ length: 10 }, () => drawn(random, 0)),
        });
        if (evidenceOf(plan, state).sources.shadow.difference.pValue < plan.alpha) {
          winners++;
          break;
        }
      }
    }
    expect(winners / 60).toBeLessThanOrEqual(0.05);
  });
});

function drawn(random: () => number, mean: number): number {
  return Number(random() < 0.1 + mean / 2) - Number(random() < 0.1 - mean / 2);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

describe('assignment', () => {
  it('is stable, nested and as frequent as its propensity says', () => {
    fc.assert(
      fc.property(fc.string(), fc.double({ min: 0, max: 1, noNaN: true }), (unit, share) => {
        const { arm, propensity } = assignArm('salt', unit, share);
        expect(assignArm('salt', unit, share)).toEqual({ arm, propensity });
        expect(propensity).toBe(arm === 'candidate' ? share : 1 - share);
        if (arm === 'candidate') expect(assignArm('salt', unit, Math.min(1, share + 0.1)).arm).toBe('candidate');
      }),
    );
    const count = Array.from({ length: 20_000 }, (_, at) => assignArm('salt', `unit-${at}`, 0.05).arm).filter(
      (arm) => arm === 'candidate',
    ).length;
    expect(count / 20_000).toBeCloseTo(0.05, 2);
  });
});

describe('the evidence file', () => {
  it('is one for people and machines, and names what carried the decision', () => {
    const plan = planOf();
    const { state } = simulate(plan, { seed: 1, incumbent: 0.8, candidate: 0.93 });
    const evidence = evidenceOf(plan, state);
    expect(JSON.parse(JSON.stringify(evidence, bigintAsText))).toMatchObject({
      format: 'switchyard-rollout-evidence/1',
      stage: 'promoted',
      carriedBy: expect.stringMatching(/offline|shadow|live/),
      shadow: { maxNanos: '5000000000' },
    });
    expect(evidenceText(evidence)).toMatch(/promoted: carried by (offline|shadow|live) evidence/);
    expect(evidenceText(evidence)).toMatch(/shadow: [0-9]+ better, [0-9]+ worse, [0-9]+ alike/);
  });
});
