/** What is brought in. */
export type RolloutKind = 'model' | 'host' | 'prompt' | 'policy';

/** Everything that is settled before the first request; a rollout never changes its own rules. */
export interface RolloutPlan {
  readonly id: string;
  readonly kind: RolloutKind;
  readonly job: string;
  readonly incumbent: string;
  readonly candidate: string;
  /** In a sentence, for the evidence file. */
  readonly hypothesis: string;
  /** Points of success that may be lost. */
  readonly margin: number;
  /** Chance of promoting what is worse than the margin allows. */
  readonly alpha: number;
  /** Chance of a false alarm of each guard; stricter, since there are several. */
  readonly guardAlpha: number;
  /** Smallest difference of interest when winners are told. */
  readonly gap: number;
  /** How many the candidate was picked from; pairs that took part in the pick prove nothing about it. */
  readonly pickedFrom: number;
  readonly offline: { readonly minPairs: number };
  /** `minPairs` 0: no shadow. `isGraded`: shadow answers get outcomes; else only their failures are seen. */
  readonly shadow: { readonly minPairs: number; readonly isGraded: boolean; readonly maxNanos: bigint };
  readonly canary: {
    /** Shares of traffic, ascending, the last one 1. */
    readonly shares: readonly number[];
    /** Answers of the candidate that each step needs. */
    readonly minRequests: number;
    readonly minStepMs: number;
  };
  /** Longest time in a stage before the answer is "needs more". */
  readonly maxStageMs: number;
  readonly guards: GuardLimits;
  /** Part of the hash that assigns: another salt is another assignment. */
  readonly salt: string;
}

/** What the candidate may do worse than the incumbent before it is taken out. */
export interface GuardLimits {
  /** Additional share of errors, for example 0.02. */
  readonly moreErrors: number;
  /** Additional share of refusals. */
  readonly moreRefusals: number;
  /** Share of answers that may be slower than the incumbent's 95th percentile; above 0.05. */
  readonly slowShare: number;
  /** Cost relative to the incumbent's, for example 1.1. */
  readonly costRatio: number;
}

/** Rules that fit when nothing else is asked for. */
export const usualPlan = {
  margin: 0.02,
  alpha: 0.05,
  guardAlpha: 0.005,
  gap: 0.05,
  pickedFrom: 1,
  offline: { minPairs: 30 },
  shadow: { minPairs: 100, isGraded: true, maxNanos: 5_000_000_000n },
  canary: { shares: [0.01, 0.05, 0.25, 1], minRequests: 30, minStepMs: 30_000 },
  maxStageMs: 600_000,
  guards: { moreErrors: 0.02, moreRefusals: 0.05, slowShare: 0.15, costRatio: 1.1 },
} as const;
