/** Requests in a closed loop: each connection sends the next as soon as it has the last answer. */
export interface ClosedLoop {
  readonly kind: 'closed-loop';
  readonly port: number;
  readonly request: string;
  readonly connections: number;
  /** Ends by time, or by number when that comes first. */
  readonly durationMs: number;
  readonly maxRequests: number;
}

/** Many streams at once, each chunk stamped by the upstream. */
export interface PacedStreams {
  readonly kind: 'paced-streams';
  readonly port: number;
  readonly request: string;
  readonly streams: number;
}

/** Streams that the client leaves in the middle. */
export interface AbortedStreams {
  readonly kind: 'aborted-streams';
  readonly port: number;
  readonly request: string;
  readonly streams: number;
  readonly connections: number;
}

export type LoadJob = ClosedLoop | PacedStreams | AbortedStreams;

/** What a closed loop saw. */
export interface LoopResult {
  readonly requests: number;
  readonly errors: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly firstByteP50Ms: number;
  readonly firstByteP99Ms: number;
}

/** What the readers of paced streams saw. */
export interface StreamsResult {
  readonly chunks: number;
  readonly errors: number;
  readonly delayP50Ms: number;
  readonly delayP99Ms: number;
  readonly delayMaxMs: number;
}

/** What those who left saw. */
export interface AbortsResult {
  readonly aborted: number;
  readonly errors: number;
}
