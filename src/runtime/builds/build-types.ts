import type { Fault } from '../../domain/faults/fault.ts';
import type { Actor } from '../../tenants/index.ts';
import type { BuildMessage } from './build-prompt.ts';
import type { DeployedApp } from './deploy-app.ts';

/** An app that is wished for in words. */
export interface BuildRequest {
  readonly wish: string;
  /** Name of the app; made from the wish when absent. */
  readonly app?: string | undefined;
  /** Asked instead of the models of the job. */
  readonly model?: string | undefined;
  /** Most that all questions together may cost. */
  readonly capNanos: bigint;
  /** False: it is built and tested, and not served. */
  readonly isDeployed: boolean;
  /** Who pays, and whose app it is; null: the organisation's. */
  readonly customer: string | null;
  readonly actor: Actor;
}

/** How a build ended; `building` while it goes on. */
export type BuildStatus = 'building' | 'deployed' | 'built' | 'failed' | 'cancelled';

/** One question to a model. */
export interface BuildQuestion {
  readonly requestId: string;
  readonly kind: 'build' | 'retry' | 'fix';
  readonly model: string;
  readonly host: string;
  /** null: unknown; all that was set aside then counts as spent. */
  readonly costNanos: string | null;
}

/** One thing that was tried with what a model wrote. */
export interface BuildCheck {
  readonly name: string;
  readonly hasPassed: boolean;
}

/** Everything about a build, as it is kept and shown. */
export interface BuildRecord {
  readonly buildId: string;
  readonly status: BuildStatus;
  /** Why it failed, as a sentence. */
  readonly reason: string | null;
  readonly wish: string;
  readonly app: string;
  readonly customer: string | null;
  readonly questions: readonly BuildQuestion[];
  /** A simulated model wrote it: nothing real was asked. */
  readonly isSimulated: boolean;
  readonly files: readonly { readonly path: string; readonly sizeBytes: number }[];
  readonly checks: readonly BuildCheck[];
  readonly spentNanos: string;
  readonly capNanos: string;
  readonly version: string | null;
  /** Path of the gateway at which it is served. */
  readonly path: string | null;
  readonly url: string | null;
  readonly startedAtMs: number;
  readonly totalMs: number;
}

/** What a build tells while it goes on; one line of NDJSON each. */
export type BuildEvent =
  | { readonly type: 'started'; readonly buildId: string; readonly app: string; readonly model: string }
  | ({ readonly type: 'asked' } & BuildQuestion)
  | { readonly type: 'written'; readonly files: BuildRecord['files'] }
  | { readonly type: 'checked'; readonly checks: readonly BuildCheck[]; readonly problem: string | null }
  | ({ readonly type: 'deployed' } & DeployedApp)
  | { readonly type: 'build'; readonly build: BuildRecord };

/** A question as it goes out. */
export interface AskedModel {
  readonly requestId: string;
  readonly model: string;
  readonly messages: readonly BuildMessage[];
  readonly maxTokens: number;
  readonly customer: string | null;
}

/** What a model said, or why nothing came; what it cost is told in both cases, null when unknown. */
export interface ModelAnswer {
  readonly model: string;
  readonly host: string;
  readonly text: string;
  readonly costNanos: bigint | null;
  readonly fault?: Fault;
}
