import type { NeighbourIndex } from './neighbour-index.ts';
import type { ResidualModel } from './residual-model.ts';
import type { OutputModel } from './output-model.ts';
import type { TermWeights } from './term-weights.ts';

/** What is believed about all models in one job, before the prompt is read. One entry per model. */
export interface JobBelief {
  readonly job: string;
  /** Expected score. */
  readonly quality: Float64Array;
  /** Evidence behind it, in graded answers after discounting, the prior not counted. */
  readonly evidence: Float64Array;
  /** Standard error of the expected score. */
  readonly errors: Float64Array;
  /** Standard error of the difference to the reference model; paired where both were graded on the same prompts. */
  readonly gapErrors: Float64Array;
  /** The model that is best without knowing the job; gains over it must be certain before they count. */
  readonly reference: number;
  /** Prompts graded in this job. */
  readonly graded: number;
}

/** Costs and times of a call, learned per job and model. */
export interface CallBelief {
  /** Output tokens, one per model. */
  readonly outputTokens: Float64Array;
  readonly latencyMs: Float64Array;
}

/** What is learned in the background from graded prompts; changes only with a refit. */
export interface PromptFit {
  readonly version: number;
  /** Of the graded prompts it was made from. */
  readonly digest: string;
  readonly terms: TermWeights;
  /** Number of each job in the fit. */
  readonly jobs: ReadonlyMap<string, number>;
  /** Graded prompts of all jobs, searched for those near to a new one. */
  readonly index: NeighbourIndex;
  readonly residual: ResidualModel | undefined;
  readonly outputs: OutputModel | undefined;
}

/** Everything a decision reads: an immutable snapshot published by the learner. */
export interface RoutingState {
  /** Names this snapshot; logged with each decision. */
  readonly id: string;
  readonly models: readonly string[];
  readonly modelNumbers: ReadonlyMap<string, number>;
  readonly unknownJob: JobBelief;
  readonly jobs: ReadonlyMap<string, JobBelief>;
  readonly unknownCalls: CallBelief;
  readonly calls: ReadonlyMap<string, CallBelief>;
  readonly fit: PromptFit | undefined;
  /** The kind of features that the fit was made from; absent: words. */
  readonly featureKind?: number;
}
