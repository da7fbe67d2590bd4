import { type OneSidedTest, openTest } from '../../domain/statistics/one-sided-test.ts';
import { type DifferenceSums, noDifferences } from '../../domain/statistics/sequential-test.ts';
import type { RolloutPlan } from './rollout-plan.ts';

/** Where a rollout stands. */
export type RolloutStage = 'offline' | 'shadow' | 'canary' | 'promoted' | 'rolled_back' | 'needs_more';

/** Paired answers of both sides to the same items. */
export interface PairedEvidence {
  readonly wins: number;
  readonly losses: number;
  readonly ties: number;
  /** Against "the candidate is worse by the margin or more". */
  readonly notWorse: OneSidedTest;
  /** Against "the candidate is worse by the margin at most". */
  readonly worse: OneSidedTest;
  readonly differences: DifferenceSums;
}

/** What one side did in the canary. */
export interface ArmTally {
  readonly requests: number;
  readonly told: number;
  readonly successes: number;
  readonly errors: number;
  /** Of the errors: requests that the other side then answered. */
  readonly rescued: number;
  readonly refusals: number;
  /** Nano-USD; a statistical quantity. */
  readonly costNanos: number;
}

/** Names of the guards. */
export const guardNames = ['errors', 'refusals', 'latency', 'cost'] as const;
/** A guard of the canary. */
export type GuardName = (typeof guardNames)[number];

/** One entry of the timeline. */
export interface RolloutEvent {
  readonly atMs: number;
  readonly stage: RolloutStage;
  readonly share: number;
  readonly reason: string;
}

/** Everything that is known of a rollout; plain data, so that it is stored and resumed as it is. */
export interface RolloutState {
  readonly stage: RolloutStage;
  /** Place in the shares of the canary. */
  readonly step: number;
  readonly stageSinceMs: number;
  readonly isPaused: boolean;
  /** Pairs that took part in picking the candidate: shown, and never counted as proof. */
  readonly screening: PairedEvidence;
  readonly offline: PairedEvidence;
  readonly shadow: PairedEvidence;
  /** What a judge preferred of the same answers, in both orders: shown, able to end a rollout, and never proof. */
  readonly judged: PairedEvidence;
  /** Randomised answers, each of the candidate's against those of the incumbent since the last one. */
  readonly live: PairedEvidence;
  /** Copies that came back with an answer. */
  readonly shadowCopies: number;
  /** Copies that did not. */
  readonly shadowMissing: number;
  /** Requests that no copy was made of: too many at once. */
  readonly shadowSkipped: number;
  /** Requests that no copy was made of: the money was spent. */
  readonly shadowUnaffordable: number;
  readonly shadowSpentNanos: bigint;
  readonly arms: { readonly incumbent: ArmTally; readonly candidate: ArmTally };
  /** Units (conversations, or requests without one) seen within the present step. */
  readonly assigned: { readonly incumbent: number; readonly candidate: number };
  /** Answers of the candidate within the present step. */
  readonly stepAnswers: number;
  readonly waiting: IncumbentMeans;
  readonly guards: { readonly [Guard in GuardName]: OneSidedTest };
  readonly events: readonly RolloutEvent[];
  /** Last batch of observations of each gateway that is counted in here. */
  readonly batches: { readonly [gateway: string]: number };
  /** More pairs that would settle it if what was seen goes on. */
  readonly needsMore?: number;
}

/** Answers of the incumbent that no answer of the candidate was held against yet. */
export interface IncumbentMeans {
  readonly told: number;
  readonly successes: number;
  readonly requests: number;
  readonly errors: number;
  readonly refusals: number;
}

/** No answers. */
export const noMeans: IncumbentMeans = { told: 0, successes: 0, requests: 0, errors: 0, refusals: 0 };

const noTally: ArmTally = { requests: 0, told: 0, successes: 0, errors: 0, rescued: 0, refusals: 0, costNanos: 0 };

/** Largest cost of one answer that the guard sees, relative to what is allowed. */
const largestCostRatio = 4;

/** A rollout that has seen nothing. */
export function openRollout(plan: RolloutPlan, atMs: number): RolloutState {
  const share = { lowest: 0, highest: 1 };
  const difference = { lowest: -1, highest: 1 };
  return {
    stage: 'offline',
    step: 0,
    stageSinceMs: atMs,
    isPaused: false,
    screening: openEvidence(plan),
    offline: openEvidence(plan),
    shadow: openEvidence(plan),
    judged: openEvidence(plan),
    live: openEvidence(plan),
    shadowCopies: 0,
    shadowMissing: 0,
    shadowSkipped: 0,
    shadowUnaffordable: 0,
    shadowSpentNanos: 0n,
    arms: { incumbent: noTally, candidate: noTally },
    assigned: { incumbent: 0, candidate: 0 },
    stepAnswers: 0,
    waiting: noMeans,
    guards: {
      errors: openTest({ ...difference, bound: plan.guards.moreErrors }),
      refusals: openTest({ ...difference, bound: plan.guards.moreRefusals }),
      latency: openTest({ ...share, bound: plan.guards.slowShare }),
      cost: openTest({ lowest: 0, highest: largestCostRatio, bound: 1 }),
    },
    events: [{ atMs, stage: 'offline', share: 0, reason: 'started' }],
    batches: {},
  };
}

function openEvidence({ margin }: RolloutPlan): PairedEvidence {
  const limits = { lowest: -1, highest: 1 };
  return {
    wins: 0,
    losses: 0,
    ties: 0,
    notWorse: openTest({ ...limits, bound: -margin }),
    worse: openTest({ ...limits, bound: margin }),
    differences: noDifferences,
  };
}

/** Share of the traffic that the candidate gets now. */
export function shareOf(plan: RolloutPlan, { stage, step, isPaused }: RolloutState): number {
  if (stage === 'promoted') return 1;
  return stage === 'canary' && !isPaused ? (plan.canary.shares[step] ?? 0) : 0;
}
