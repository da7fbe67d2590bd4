import type { OutcomeRecord } from './outcome.ts';

/** How a request began. */
export interface RequestOpen {
  readonly atMs: number;
  readonly key: string;
  readonly customer: string;
  readonly dialect: string;
  readonly operation: string;
  readonly model: string;
  readonly stream: boolean;
  readonly job?: string;
}

/** Why these endpoints, in this order. */
export interface RequestDecision {
  readonly decisionId: string;
  readonly model: string;
  readonly chosen: string;
  readonly ranked: readonly string[];
  readonly excluded: readonly { readonly endpoint: string; readonly reason: string }[];
  readonly reasons: readonly string[];
}

/** One upstream call. */
export interface RequestAttempt {
  readonly attempt: number;
  readonly host: string;
  readonly upstreamModel: string;
  readonly startedAtMs: number;
  readonly firstTokenMs?: number;
  readonly totalMs: number;
  readonly upstreamStatus?: number;
  /** Stable code of what went wrong; absent on success. */
  readonly fault?: string;
  readonly finishReason?: string;
  readonly usage?: { readonly [bucket: string]: number };
  /** Nano-USD as decimal text; null when a price is unknown. */
  readonly costNanos: string | null;
  readonly flags: readonly string[];
}

/** How a request ended; after a crash only `atMs` and the cost are known. */
export interface RequestFinal {
  readonly type: 'final' | 'abort';
  readonly atMs: number;
  readonly httpStatus?: number;
  readonly fault?: string;
  readonly model?: string;
  readonly host?: string;
  readonly totalMs?: number;
  readonly cache?: string;
  readonly costNanos: string | null;
  /** What the customer pays; null when that is unknown. */
  readonly chargeNanos?: string | null;
}

/** Answer of `GET /api/v1/requests/{requestId}`. */
export interface RequestRecord {
  readonly requestId: string;
  readonly status: 'running' | 'completed' | 'failed' | 'aborted';
  readonly open?: RequestOpen;
  readonly decision?: RequestDecision;
  readonly attempts: readonly RequestAttempt[];
  readonly final?: RequestFinal;
  readonly outcomes: readonly OutcomeRecord[];
  /** Sum over all attempts in nano-USD; null when a price is unknown. */
  readonly costNanos: string | null;
  /** What the customer pays, by its plan; null when that is unknown. */
  readonly chargeNanos?: string | null;
}
