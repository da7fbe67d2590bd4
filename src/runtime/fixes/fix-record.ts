import type { AppCheck } from './app-check.ts';
import type { FixAttempt, FixPayer, FixReason } from './fix-types.ts';
import type { FailureKind } from './failure-record.ts';
import type { RunCheck } from './verify-by-runs.ts';

/** Where a fix stands. `unfixed`: within its bounds nothing worked; `failed`: it could not be worked on. */
export type FixState = 'queued' | 'running' | 'fixed' | 'unfixed' | 'failed';

/** What a fix was asked for with. */
export interface FixSpec {
  readonly maxNanos: bigint;
  readonly maxAttempts: number;
  /** Files that patches may not touch, beside what is always protected. */
  readonly protect: readonly string[];
  /** Of a run. */
  readonly checks: readonly RunCheck[];
  /** Of an app. */
  readonly appChecks: readonly AppCheck[];
  readonly payer: FixPayer;
  /** Where a fixed version of an app goes. */
  readonly promote: FixPromotion;
}

/** `preview`: that alias points to it; `canary`: also a share of `prod`, which the rule of canaries may end. */
export type FixPromotion = { readonly to: 'preview' } | { readonly to: 'canary'; readonly share: number };

/** A fix as it is kept. */
export interface Fix {
  readonly id: string;
  readonly failureId: string;
  readonly kind: FailureKind;
  readonly subject: string;
  readonly customer: string | null;
  readonly state: FixState;
  readonly reason: FixReason | 'not_reproduced' | 'not_kept' | null;
  readonly detail: string | null;
  readonly spec: FixSpec;
  readonly maxNanos: bigint;
  readonly spentNanos: bigint;
  /** Patches that were refused, for touching what is protected or for being none. */
  readonly refusedPatches: number;
  readonly patch: string;
  /** The run that the fixed program passed, or the version that it became. */
  readonly runId: string | null;
  readonly version: string | null;
  /** What a person thought of it; null when nobody said. */
  readonly accepted: boolean | null;
  readonly requestedBy: string;
  readonly createdAtMs: number;
  readonly finishedAtMs: number | null;
}

/** A fix with all that was tried. */
export interface FixTrail extends Fix {
  readonly attempts: readonly FixAttempt[];
}
