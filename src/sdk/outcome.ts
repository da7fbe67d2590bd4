/** Evidence for the value of an answer, to be posted. */
export interface OutcomeInput {
  /** From the header `x-switchyard-request-id` of the answer. */
  readonly requestId: string;
  /** What kind of evidence: `score`, `pass`, `fail`, `label`, `revenue`, `minutes_saved`. Default `score`. */
  readonly kind?: string;
  /** 0 is worthless, 1 is right. */
  readonly value?: number;
  /** Who says so. Default `api`. */
  readonly source?: string;
  /** The same evidence posted twice counts once. */
  readonly idempotencyKey?: string;
}

/** An outcome as recorded. */
export interface OutcomeRecord {
  readonly type: 'outcome';
  readonly requestId: string;
  readonly atMs: number;
  readonly kind: string;
  readonly value?: number;
  readonly source: string;
  readonly idempotencyKey?: string;
  readonly job?: string;
  readonly model?: string;
}
