import { type FaultCode, faultKinds, type FaultKind } from './fault-codes.ts';

const marker = Symbol.for('switchyard.fault');

/** What may accompany a fault. Only `message` and `param` ever reach a client. */
export interface FaultDetails {
  /** Safe sentence for the client: what was wrong and how to mend it. Never holds secrets. */
  readonly message?: string;
  /** The field at fault in the caller's own dialect, as a JSON pointer or parameter name. */
  readonly param?: string;
  /** How long the client, or we, should wait before trying again. */
  readonly retryAfterMs?: number;
  /** Methods that the route does take, as the `allow` header tells them. */
  readonly allow?: string;
  /** Status the upstream answered with. */
  readonly upstreamStatus?: number;
  /** For logs only. */
  readonly detail?: string;
  readonly cause?: unknown;
  /** The upstream's own error body, already stripped of credentials, for dialect-true pass-through. */
  readonly upstreamBody?: unknown;
}

/** A classified failure: an expected value inside the pipeline, thrown only at its edges. */
export class Fault extends Error {
  readonly code: FaultCode;
  readonly param: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly allow: string | undefined;
  readonly upstreamStatus: number | undefined;
  readonly detail: string | undefined;
  readonly upstreamBody: unknown;

  constructor(code: FaultCode, details: FaultDetails = {}) {
    super(details.message ?? faultKinds[code].meaning, { cause: details.cause });
    this.name = 'Fault';
    this.code = code;
    this.param = details.param;
    this.retryAfterMs = details.retryAfterMs;
    this.allow = details.allow;
    this.upstreamStatus = details.upstreamStatus;
    this.detail = details.detail;
    this.upstreamBody = details.upstreamBody;
    Object.defineProperty(this, marker, { value: true });
  }

  /** Constant properties of this fault's code. */
  get kind(): FaultKind {
    return faultKinds[this.code];
  }

  /** Tells faults from other values, across copies of this module. */
  static is(value: unknown): value is Fault {
    // Most values asked about are plain objects: for them this ends before the costly look for a property.
    return value instanceof Error && marker in value;
  }
}
