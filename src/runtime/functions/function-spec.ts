import type { EgressPolicy } from '../egress/egress-policy.ts';

/** Bounds of one function; each is enforced by the supervisor, not by the guest. */
export interface FunctionLimits {
  /** Longest time that guest code may keep its process from answering. */
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly heapMb: number;
  /** Beyond it a process is replaced, at twice as much it is killed. */
  readonly recycleRssMb: number;
  readonly recycleRequests: number;
  readonly maxInFlight: number;
  readonly maxRequestBytes: number;
  readonly maxResponseBytes: number;
  readonly startMs: number;
}

/** Limits of a version that names none. */
export const defaultLimits: FunctionLimits = {
  cpuMs: 2000,
  wallMs: 30_000,
  heapMb: 128,
  recycleRssMb: 256,
  recycleRequests: 10_000,
  maxInFlight: 50,
  maxRequestBytes: 10 * 1024 * 1024,
  maxResponseBytes: 10 * 1024 * 1024,
  startMs: 10_000,
};

/** All that is needed to run one version of an app. */
export interface FunctionSpec {
  readonly app: string;
  readonly version: string;
  /** Tells processes of one version apart that were given different secrets. */
  readonly generation?: string;
  /** The bundled module. */
  readonly source: Buffer;
  readonly environment: { readonly [name: string]: string };
  /** Values that never stand in a log. */
  readonly secrets: readonly string[];
  readonly limits: FunctionLimits;
  /** Absent: nothing may be reached. */
  readonly egress?: EgressPolicy | undefined;
}

/** Which limit ended something; the code stands in answers, receipts and logs. */
export type LimitCode =
  | 'cpu_exceeded'
  | 'wall_exceeded'
  | 'memory_exceeded'
  | 'response_too_large'
  | 'request_too_large';

/** What came of something that was ended or failed, for whoever counts and repairs. */
export interface FunctionReceipt {
  readonly app: string;
  readonly version: string;
  readonly atMs: number;
  readonly code: LimitCode | 'exited' | 'start_failed';
  readonly allowed?: number;
  readonly observed?: number;
  readonly detail?: string;
  /** Requests that were being answered. */
  readonly inFlight: number;
}
