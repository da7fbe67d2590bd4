/** A model that is to come into a job. */
export interface RolloutInput {
  readonly job: string;
  readonly candidate: string;
  readonly incumbent?: string | undefined;
  /** Evaluation of both on the same items. */
  readonly evalId?: string | undefined;
  /** Points of success that may be lost, for example 0.02. */
  readonly margin?: number | undefined;
  readonly alpha?: number | undefined;
  readonly minPairs?: number | undefined;
  readonly shares?: readonly number[] | undefined;
  readonly minRequests?: number | undefined;
  readonly minStepMs?: number | undefined;
  readonly maxStageMs?: number | undefined;
}

/** A rollout with its evidence. */
export interface Rollout {
  readonly id: string;
  readonly job: string;
  readonly candidate: string;
  readonly incumbent: string;
  readonly stage: 'offline' | 'shadow' | 'canary' | 'promoted' | 'rolled_back' | 'needs_more';
  /** Share of the traffic that the candidate gets now. */
  readonly share: number;
  readonly isPaused: boolean;
  readonly verdict: string;
  readonly needsMore: number | null;
  readonly createdAtMs: number;
  readonly evidence: Readonly<Record<string, unknown>>;
  readonly text: string;
}
