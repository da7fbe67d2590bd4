import type { Nanos } from './tenant-types.ts';

/** Evidence for the value of an answer, to be posted: one of value, pass, label, amountNanos, minutesSaved. */
export interface OutcomeInput {
  /** From the header `x-switchyard-request-id` of the answer. */
  readonly requestId?: string;
  /** Your own id, as sent in the header `x-switchyard-external-id`. */
  readonly externalId?: string;
  readonly customer?: string;
  /** What kind of evidence: `test`, `score`, `pass`, `fail`, `label`, `thumb`, `revenue` …; else told by what is given. */
  readonly kind?: string;
  /** 0 is worthless, 1 is right. */
  readonly value?: number;
  readonly pass?: boolean;
  readonly label?: string;
  /** Revenue. */
  readonly amountNanos?: Nanos;
  readonly minutesSaved?: number;
  /** How far it is to be believed, 0 to 1; else by its kind. */
  readonly reliability?: number;
  /** Who says so. Default `api`. */
  readonly source?: string;
  readonly atMs?: number;
  /** Takes this outcome of the same request back. */
  readonly retracts?: string;
  /** Corrects this outcome of the same request. */
  readonly supersedes?: string;
  /** The same evidence posted twice counts once. */
  readonly idempotencyKey?: string;
}

/** An outcome as recorded. */
export interface OutcomeRecord {
  readonly type: 'outcome';
  /** To correct or retract it by. */
  readonly outcomeId?: string;
  readonly requestId: string;
  readonly atMs: number;
  readonly kind: string;
  readonly value?: number;
  readonly source: string;
  readonly idempotencyKey?: string;
  readonly job?: string;
  readonly model?: string;
  readonly host?: string;
}

/** What became of a batch; what was refused is named by its place. */
export interface OutcomeBatch {
  readonly recorded: number;
  readonly repeated: number;
  readonly refused: readonly { readonly index: number; readonly code: string; readonly detail: string }[];
}
