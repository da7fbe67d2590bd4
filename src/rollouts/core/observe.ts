import { addValue } from '../../domain/statistics/one-sided-test.ts';
import { addDifference } from '../../domain/statistics/sequential-test.ts';
import type { RolloutPlan } from './rollout-plan.ts';
import { type ArmTally, noMeans, type PairedEvidence, type RolloutState } from './rollout-state.ts';

/** What is learned about a rollout. */
export type RolloutObservation =
  /** Both sides answered the same item; success of each between 0 and 1. */
  | {
      readonly type: 'pair';
      readonly source: 'screening' | 'offline' | 'shadow' | 'judged';
      readonly incumbent: number;
      readonly candidate: number;
    }
  /** What became of the shadow copy of a request, and what it cost; `judged`: what judging it cost. */
  | {
      readonly type: 'shadow';
      readonly costNanos: bigint;
      readonly result: 'copied' | 'missing' | 'skipped' | 'unaffordable' | 'judged';
    }
  /** A unit that was assigned for the first time in this step. */
  | ({ readonly type: 'unit' } & Drawn)
  /** An answer of the canary. */
  | (Drawn & {
      readonly type: 'answer';
      readonly isError: boolean;
      /** The other side answered in place of the candidate, which is an error of it. */
      readonly isRescued?: boolean;
      readonly isRefusal: boolean;
      /** Slower than the incumbent's 95th percentile. */
      readonly isSlow: boolean;
      readonly costNanos: number;
    })
  /** What an assigned request was worth by the rule of its job; each request once. */
  | ({ readonly type: 'outcome'; readonly success: number } & Drawn);

/** The side that was drawn. */
export interface Drawn {
  readonly arm: 'incumbent' | 'candidate';
  /** Chance of this side when it was drawn; absent: the one that it has now. */
  readonly propensity?: number;
}

/** The state with one more observation; nothing is decided here. */
export function observe(plan: RolloutPlan, state: RolloutState, seen: RolloutObservation): RolloutState {
  switch (seen.type) {
    case 'pair':
      return { ...state, [seen.source]: addPair(state[seen.source], seen.candidate - seen.incumbent) };
    case 'shadow':
      return copied(state, seen);
    case 'unit':
      if (!isOfStep(plan, state, seen)) return state;
      return { ...state, assigned: { ...state.assigned, [seen.arm]: state.assigned[seen.arm] + 1 } };
    case 'answer':
      return answered(plan, state, seen);
    case 'outcome':
      return told(plan, state, seen);
  }
}

/**
 * What was drawn at another share ends after the step that it was drawn in. It is shown, and compared with nothing: the
 * sides of a step would not hold the share of the step, and not the same part of slow requests.
 */
export function isOfStep(plan: RolloutPlan, { stage, step }: RolloutState, { arm, propensity }: Drawn): boolean {
  if (propensity === undefined) return true;
  const share = plan.canary.shares[step] ?? 0;
  return stage === 'canary' && propensity === (arm === 'candidate' ? share : 1 - share);
}

function copied(
  state: RolloutState,
  { costNanos, result }: Extract<RolloutObservation, { type: 'shadow' }>,
): RolloutState {
  return {
    ...state,
    shadowSpentNanos: state.shadowSpentNanos + costNanos,
    shadowCopies: state.shadowCopies + Number(result === 'copied'),
    shadowMissing: state.shadowMissing + Number(result === 'missing'),
    shadowSkipped: state.shadowSkipped + Number(result === 'skipped'),
    shadowUnaffordable: state.shadowUnaffordable + Number(result === 'unaffordable'),
  };
}

function addPair(evidence: PairedEvidence, difference: number): PairedEvidence {
  return {
    wins: evidence.wins + (difference > 0 ? 1 : 0),
    losses: evidence.losses + (difference < 0 ? 1 : 0),
    ties: evidence.ties + (difference === 0 ? 1 : 0),
    notWorse: addValue(evidence.notWorse, difference),
    worse: addValue(evidence.worse, -difference),
    differences: addDifference(evidence.differences, difference),
  };
}

function answered(
  plan: RolloutPlan,
  state: RolloutState,
  seen: Extract<RolloutObservation, { type: 'answer' }>,
): RolloutState {
  const { arm } = seen;
  const tally = state.arms[arm];
  const arms = {
    ...state.arms,
    [arm]: {
      ...tally,
      requests: tally.requests + 1,
      errors: tally.errors + Number(seen.isError),
      rescued: tally.rescued + Number(seen.isRescued === true),
      refusals: tally.refusals + Number(seen.isRefusal),
      costNanos: tally.costNanos + seen.costNanos,
    },
  };
  if (!isOfStep(plan, state, seen)) return { ...state, arms };
  const { waiting } = state;
  if (arm === 'incumbent') {
    const next = {
      ...waiting,
      requests: waiting.requests + 1,
      errors: waiting.errors + Number(seen.isError),
      refusals: waiting.refusals + Number(seen.isRefusal),
    };
    return { ...state, arms, waiting: next };
  }
  const usual = waiting.requests > 0 ? waiting : state.arms.incumbent;
  const over = (count: number, of: number): number => (of > 0 ? count / of : 0);
  const allowed = over(state.arms.incumbent.costNanos, state.arms.incumbent.requests) * plan.guards.costRatio;
  const guards = {
    errors: addValue(state.guards.errors, Number(seen.isError) - over(usual.errors, usual.requests)),
    refusals: addValue(state.guards.refusals, Number(seen.isRefusal) - over(usual.refusals, usual.requests)),
    latency: addValue(state.guards.latency, Number(seen.isSlow)),
    cost: allowed > 0 ? addValue(state.guards.cost, seen.costNanos / allowed) : state.guards.cost,
  };
  const stepAnswers = state.stepAnswers + 1;
  return { ...state, arms, stepAnswers, guards, waiting: { ...waiting, requests: 0, errors: 0, refusals: 0 } };
}

/** Each outcome of the candidate is held against the mean of the incumbent's since the last one. */
function told(
  plan: RolloutPlan,
  state: RolloutState,
  seen: Extract<RolloutObservation, { type: 'outcome' }>,
): RolloutState {
  const { arm, success } = seen;
  const tally: ArmTally = state.arms[arm];
  const arms = { ...state.arms, [arm]: { ...tally, told: tally.told + 1, successes: tally.successes + success } };
  if (!isOfStep(plan, state, seen)) return { ...state, arms };
  const { waiting } = state;
  if (arm === 'incumbent') {
    return { ...state, arms, waiting: { ...waiting, told: waiting.told + 1, successes: waiting.successes + success } };
  }
  // Without an answer of the other side since the last one there is nothing to compare with.
  if (waiting.told === 0) return { ...state, arms };
  const live = addPair(state.live, success - waiting.successes / waiting.told);
  return { ...state, arms, live, waiting: { ...waiting, told: noMeans.told, successes: noMeans.successes } };
}
