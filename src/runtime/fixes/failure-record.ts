import { gunzipSync, gzipSync } from 'node:zlib';
import type { SampledRequest } from '../apps/request-samples.ts';
import type { GuestFile, RunRequest } from '../contract.ts';
import type { FailureReport } from './fix-types.ts';
import { fromJson, toJson } from './stored-json.ts';
import type { RunCheck } from './verify-by-runs.ts';

/** What can fail: a single run, a build of an app, an app that serves. */
export type FailureKind = 'run' | 'build' | 'app';

/** Something that failed, as it is kept. */
export interface Failure {
  readonly id: string;
  readonly kind: FailureKind;
  /** The run's id, or the app's name. */
  readonly subject: string;
  readonly app: string | null;
  readonly version: string | null;
  readonly customer: string | null;
  /** The exchange that wrote the code. */
  readonly requestId: string | null;
  readonly signature: string;
  readonly report: FailureReport;
  /** Whether it can be tried again: programs that are too large are not kept. */
  readonly canRunAgain: boolean;
  readonly createdAtMs: number;
}

/** What is needed to try a failure again. */
export interface FailedProgram {
  /** Of a run: everything but its variables, which are sealed apart. */
  readonly run?: Omit<RunRequest, 'environment'>;
  /** Inputs that an identical program took well before. */
  readonly regressions?: readonly RunCheck[];
  /** Of an app: what failed, and what was answered well. */
  readonly failing?: readonly SampledRequest[];
  readonly passing?: readonly SampledRequest[];
  /** Of a build that failed: what was sent. */
  readonly upload?: {
    readonly files: readonly GuestFile[];
    readonly settings: unknown;
    readonly entry?: string;
    readonly assets?: string;
  };
}

/** A failure with what it takes to try it again. */
export interface KeptFailure {
  readonly failure: Failure;
  readonly program: FailedProgram | undefined;
  readonly environment: Readonly<Record<string, string>>;
}

/** Larger programs are recorded and not kept. */
export const mostProgramBytes = 4 * 1024 * 1024;

/** Compresses what may hold bytes; undefined when it is too large to keep. */
export function packProgram(value: object): Buffer | undefined {
  const packed = gzipSync(toJson(value), { level: 4 });
  return packed.length > mostProgramBytes ? undefined : packed;
}

/** Reads what `packProgram` wrote. */
export function unpackProgram<Value>(packed: Uint8Array): Value {
  return fromJson(gunzipSync(packed, { maxOutputLength: 64 * mostProgramBytes }).toString('utf8')) as Value;
}
