import type { FinalFact } from '../domain/facts.ts';

/** Which side of a rollout answers a request. */
export interface RolloutAssignment {
  readonly rolloutId: string;
  readonly candidate: string;
  readonly arm: 'incumbent' | 'candidate';
  /** Exact chance of this side. */
  readonly propensity: number;
}

/** What the gateway asks and tells about rollouts; it knows nothing of how they are decided. */
export interface RolloutPort {
  /** The side for a request of a job; undefined without a rollout that has traffic. */
  assign(job: string, unit: string): RolloutAssignment | undefined;
  /** How an assigned request ended. */
  answered(assignment: RolloutAssignment, final: FinalFact): void;
}
