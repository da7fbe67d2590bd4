import { seededRandom } from '../../domain/statistics/seeded-random.ts';
import { advance, isFinished } from '../core/advance.ts';
import { observe } from '../core/observe.ts';
import { type RolloutPlan, usualPlan } from '../core/rollout-plan.ts';
import { openRollout, type RolloutState, shareOf } from '../core/rollout-state.ts';

/** A plan with what a test wants different. */
export function planOf(change: Partial<RolloutPlan> = {}): RolloutPlan {
  return {
    ...usualPlan,
    shadow: { minPairs: 100, isGraded: true, maxNanos: 5_000_000_000n },
    id: 'rollout-1',
    kind: 'model',
    job: 'support',
    incumbent: 'strong',
    candidate: 'cheap',
    hypothesis: 'cheap is not worse than strong by more than two points',
    salt: 'salt',
    ...change,
  };
}

/** How the sides behave. */
export interface SimulatedSides {
  readonly seed: number;
  /** Success rates; failures of both sides go together on half of the items. */
  readonly incumbent: number;
  readonly candidate: number;
  readonly candidateErrors?: number;
  readonly requestsPerSecond?: number;
  readonly lastMs?: number;
}

/** Runs a rollout second by second until it ends or the time is over. */
export function simulate(plan: RolloutPlan, sides: SimulatedSides): { state: RolloutState; atMs: number } {
  const random = seededRandom(sides.seed);
  const { requestsPerSecond = 20, lastMs = 600_000 } = sides;
  const pair = (source: 'offline' | 'shadow'): void => {
    const shared = random();
    const draw = (rate: number): number => Number((random() < 0.5 ? shared : random()) < rate);
    state = observe(plan, state, {
      type: 'pair',
      source,
      incumbent: draw(sides.incumbent),
      candidate: draw(sides.candidate),
    });
  };
  let state = openRollout(plan, 0);
  let atMs = 0;
  for (; atMs < lastMs && !isFinished(state) && state.stage !== 'needs_more'; atMs += 1_000) {
    if (state.stage === 'offline') for (let item = 0; item < 10; item++) pair('offline');
    if (state.stage === 'shadow') for (let item = 0; item < 5; item++) pair('shadow');
    for (let request = 0; request < requestsPerSecond && state.stage === 'canary'; request++) {
      const arm = random() < shareOf(plan, state) ? 'candidate' : 'incumbent';
      state = observe(plan, state, { type: 'unit', arm });
      const isError = arm === 'candidate' && random() < (sides.candidateErrors ?? 0);
      const costNanos = arm === 'candidate' ? 1_000_000 : 5_000_000;
      state = observe(plan, state, {
        type: 'answer',
        arm,
        isError,
        isRefusal: false,
        isSlow: random() < 0.05,
        costNanos,
      });
      if (random() < 0.3)
        state = observe(plan, state, { type: 'outcome', arm, success: Number(random() < sides[arm]) });
      state = advance(plan, state, atMs);
    }
    state = advance(plan, state, atMs);
  }
  return { state, atMs };
}
