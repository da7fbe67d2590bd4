/** What can be brought in. */
export type RolloutKind = 'model' | 'host' | 'policy' | 'prompt';

/** Copies of live requests, sent when the answer has left. */
export interface RolloutShadow {
  /** Answers of copies that must come back; 0: no copies. */
  readonly minPairs?: number | undefined;
  /** Most that copies may cost. */
  readonly maxNanos?: string | undefined;
  /** Your own grader, asked about both answers. */
  readonly graderUrl?: string | undefined;
  /** A model that judges both answers in both orders; it may end a rollout, and proves nothing. */
  readonly judge?: { readonly model: string; readonly criterion: string } | undefined;
}

/** A model, a host, a policy or a prompt that is to come into a job. */
export interface RolloutInput {
  readonly job: string;
  /** What is brought in; else a model. */
  readonly kind?: RolloutKind | undefined;
  readonly candidate: string;
  /** Of a host: the model that it is to serve. */
  readonly model?: string | undefined;
  /** Of a policy: settings of a job. */
  readonly settings?: object | undefined;
  /** Of a prompt: its text; the candidate is its name. */
  readonly instructions?: string | undefined;
  readonly shadow?: RolloutShadow | undefined;
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
  readonly kind: RolloutKind;
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
