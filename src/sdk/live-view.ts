/** A request in flight. */
export interface LiveRequest {
  readonly requestId: string;
  readonly startedAtMs: number;
  readonly key: string;
  readonly model: string;
  readonly stream: boolean;
}

/** A request that ended a moment ago. */
export interface LiveFinal {
  readonly requestId: string;
  readonly atMs: number;
  readonly status: 'completed' | 'failed' | 'aborted';
  readonly httpStatus: number;
  /** Stable code of what went wrong; absent on success. */
  readonly fault?: string;
  readonly key: string;
  readonly model: string;
  readonly host?: string;
  readonly attempts: number;
  readonly usage?: { readonly [bucket: string]: number };
  /** Nano-USD as decimal text; null when a price is unknown. */
  readonly costNanos: string | null;
  readonly firstByteMs?: number;
  readonly totalMs: number;
}

/** Health and speed of one endpoint. */
export interface LiveEndpoint {
  /** `<host>/<model at the host>`. */
  readonly endpoint: string;
  readonly attempts: number;
  readonly faults: number;
  readonly firstTokenP50Ms?: number;
  readonly firstTokenP95Ms?: number;
  readonly outputTokensPerSecond?: number;
  readonly circuit: 'closed' | 'open' | 'half-open';
  readonly availability: 'ready' | 'cooling' | 'open';
}

/** Health of the journal. */
export interface LiveJournal {
  readonly accepting: boolean;
  readonly reason?: string;
  readonly alarm: boolean;
  readonly queuedBytes: number;
  readonly framesWritten: number;
  readonly commitP50Ms: number;
  readonly commitP99Ms: number;
}

/** Answer of `GET /api/v1/live`. */
export interface LiveView {
  readonly atMs: number;
  readonly startedAtMs: number;
  readonly requests: {
    /** Ended since the start. */
    readonly total: number;
    readonly runningCount: number;
    /** Longest-running first. */
    readonly running: readonly LiveRequest[];
    /** Latest first. */
    readonly recent: readonly LiveFinal[];
  };
  readonly endpoints: readonly LiveEndpoint[];
  readonly journal: LiveJournal;
}
