import type { ResolvedJob } from '../../catalog/index.ts';
import type { RolledPrompt } from '../../gateway/index.ts';

/** What is brought in. */
export type RolloutKind = 'model' | 'host' | 'policy' | 'prompt';

/** Everything that is settled before the first request; a rollout never changes its own rules. */
export interface RolloutPlan {
  readonly id: string;
  readonly kind: RolloutKind;
  readonly job: string;
  readonly incumbent: string;
  /** A model's name, a host's, what a policy is called, or a version of a prompt. */
  readonly candidate: string;
  /** Of a host: the model that it is to serve. */
  readonly model?: string;
  /** Of a policy: the settings that its side is routed by. */
  readonly settings?: ResolvedJob['settings'];
  /** Of a prompt: its text, and what it was tried against. */
  readonly prompt?: RolledPrompt;
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
  readonly shadow: ShadowPlan;
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

/** Copies of live requests, sent when the answer has left. */
export interface ShadowPlan {
  /** Answers of the candidate that must come back, and be graded where they can be; 0: no shadow. */
  readonly minPairs: number;
  /** Every pair gets a grade; else the answers only show that the candidate works at all. */
  readonly isGraded: boolean;
  /** Most that the copies may cost. */
  readonly maxNanos: bigint;
  /** A grader of the operator, asked about both answers to a request. */
  readonly graderUrl?: string;
  /** A model that says which of both answers is better; it may end a rollout, and proves nothing. */
  readonly judge?: { readonly model: string; readonly criterion: string };
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
  shadow: { minPairs: 20, isGraded: false, maxNanos: 1_000_000_000n },
  canary: { shares: [0.05, 0.25, 1], minRequests: 30, minStepMs: 30_000 },
  maxStageMs: 600_000,
  guards: { moreErrors: 0.02, moreRefusals: 0.05, slowShare: 0.15, costRatio: 1.1 },
} as const;
