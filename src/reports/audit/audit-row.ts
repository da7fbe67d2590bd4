import type { Usage } from '../../domain/rating/usage.ts';

/** How the calls of a row ended. `cached`: a gateway answered from its own cache, nothing was owed to a host. */
export type RowOutcome = 'answered' | 'failed' | 'aborted' | 'cached';

/** One row of a log in our words: a call, or the sum of many calls over a stretch of time. */
export interface AuditRow {
  /** The log's own id; the same row in two overlapping exports counts once. */
  readonly id?: string | undefined;
  readonly startedAtMs: number;
  /** Host as the log names it; undefined when it does not. */
  readonly hostName?: string | undefined;
  /** Model as the log names it. */
  readonly modelName: string;
  readonly usage: Usage;
  /** Calls that the row stands for; above 1 the size of the single calls is unknown. */
  readonly calls: number;
  readonly isSum?: boolean;
  readonly outcome: RowOutcome;
  /** Another attempt of the same request came before or after, and the client saw only one of them. */
  readonly isRetry?: boolean;
  /** Cost that the log itself states, in nano-USD; undefined when it states none. */
  readonly statedNanos?: bigint | undefined;
  readonly job?: string | undefined;
  readonly user?: string | undefined;
  readonly key?: string | undefined;
  /** Conversation that the call belongs to. */
  readonly session?: string | undefined;
  /** What was asked, whole: text or a digest of it. Equal requests of one model have equal fingerprints. */
  readonly fingerprint?: string | undefined;
  readonly batch?: boolean;
  readonly region?: string;
}

/** A record that is no row: what it says cannot be used. The message names the column and the value. */
export class RowProblem extends Error {
  override readonly name = 'RowProblem';
}

/** A record that is rightly no row, such as a span without a model call; counted by its reason. */
export interface SkippedRecord {
  readonly skipped: string;
}
