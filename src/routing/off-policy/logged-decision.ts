/** What was expected of a candidate when a logged choice was made. */
export interface LoggedCandidate {
  /** A chain is a candidate of its own, named by its stages. */
  readonly model: string;
  readonly quality: number;
  /** Expected cost in nano-USD, a statistical quantity. */
  readonly costNanos: number;
  readonly latencyMs: number;
  /** Exact chance with which the logging policy took it; 0: never. */
  readonly propensity: number;
  /** It could not be chosen, whatever the policy. */
  readonly isExcluded: boolean;
}

/**
 * What stands between a logged chance and what became of it: nothing; a chain that nothing was held out of, so that its
 * models never answered alone where it did; or a rollout, which offered each side only a part of the models.
 */
export type DecisionKind = 'plain' | 'chain' | 'divided';

/** One choice of the log with what became of it. */
export interface LoggedDecision {
  readonly requestId: string;
  readonly atMs: number;
  readonly job: string;
  /** Version of the job's settings that chose. */
  readonly jobVersion: string | undefined;
  /** Only plain ones tell what a choice is worth; that there are others is a reason to conclude nothing. */
  readonly kind: DecisionKind;
  readonly candidates: readonly LoggedCandidate[];
  /** Place of the choice among the candidates; -1 when the log does not say. */
  readonly chosen: number;
  /** Share of success that was observed; undefined: nobody told. */
  readonly reward: number | undefined;
  /** What it cost in nano-USD; undefined is unknown. */
  readonly costNanos: number | undefined;
  readonly latencyMs: number;
  /** What figures are broken down by beside the job, for example `length` → `short`. */
  readonly segments: { readonly [dimension: string]: string };
}
