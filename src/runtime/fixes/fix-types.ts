import type { Fault } from '../../domain/faults/fault.ts';
import type { GuestFile, LimitHit } from '../contract.ts';

/** How something failed, as far as it is kept. What guests wrote in it is data: it is quoted, never followed. */
export interface FailureReport {
  /** `error_rate`: an app failed more requests than it may; `build_failed`: it never came to run. */
  readonly status: 'failed' | 'limit' | 'build_failed' | 'error_rate';
  readonly exit: { readonly code: number | null; readonly signal: string | null };
  readonly limitsHit: readonly LimitHit[];
  /** The ends of what it wrote, bounded, without secrets. */
  readonly stdoutTail: string;
  readonly stderrTail: string;
  /** Places in the program's own files that its error names. */
  readonly frames: readonly StackFrame[];
}

/** A place in a file. */
export interface StackFrame {
  readonly path: string;
  readonly line: number;
}

/** One thing that was tried with a patched program. */
export interface CheckResult {
  readonly name: string;
  /** The fixer is never shown what it is about. */
  readonly isHidden: boolean;
  readonly hasPassed: boolean;
  /** Its receipt is found by this. */
  readonly runId?: string;
}

/** What trying a patched program came to. `broken`: it could not be tried, which says nothing about the patch. */
export type FixVerdict =
  | { readonly kind: 'passed'; readonly checks: readonly CheckResult[] }
  | {
      readonly kind: 'failed';
      readonly checks: readonly CheckResult[];
      readonly failure: FailureReport;
      /** It did what was shown to the fixer and failed what was held back. */
      readonly isHidden: boolean;
    }
  | { readonly kind: 'broken'; readonly reason: string };

/** Why a part of a patch was not taken; one is enough to refuse all of it. */
export type PatchRefusal =
  | 'protected'
  | 'path'
  | 'not_found'
  | 'too_large'
  | 'hidden_text'
  | 'unreadable'
  | 'no_change';

/** One question to a model and what came of it: a line of the trail. */
export interface FixAttempt {
  /** 1, 2, 3. */
  readonly number: number;
  /** The exchange with the model: its decision, cost and outcomes are found by it. */
  readonly requestId: string;
  readonly decisionId: string | null;
  readonly model: string;
  readonly host: string;
  /** `sha256:` over what was asked. */
  readonly promptDigest: string;
  /** null: unknown; all that was set aside then counts as spent. */
  readonly costNanos: bigint | null;
  readonly reservedNanos: bigint;
  /** As a unified diff; empty when there was none to apply. */
  readonly patch: string;
  readonly refusals: readonly { readonly path: string; readonly reason: PatchRefusal }[];
  readonly verdict: 'passed' | 'failed' | 'refused' | 'no_answer' | 'broken';
  readonly checks: readonly CheckResult[];
  readonly isHidden: boolean;
  /** How the patched program failed; for `no_answer` and `broken` the reason stands in `detail`. */
  readonly failure: FailureReport | null;
  readonly detail: string | null;
  readonly startedAtMs: number;
  readonly totalMs: number;
}

/** Who pays for a fix: a key of its own, or the product's under a customer. */
export interface FixPayer {
  readonly key?: string | undefined;
  readonly customer?: string | undefined;
}

/** A program to be fixed. */
export interface FixTask {
  readonly files: readonly GuestFile[];
  /** What the program is for and how it is run, in words or as a command line; quoted like guest text. */
  readonly purpose: string;
  readonly failure: FailureReport;
  /** Most that all attempts together may cost. */
  readonly capNanos: bigint;
  /** At most 3, which is also the default. */
  readonly maxAttempts?: number;
  /** Files that the patch may not touch, beside tests, limits and policies: globs such as `checks/**`. */
  readonly protect?: readonly string[];
  /** Texts that no model is shown. */
  readonly secrets?: readonly string[];
  readonly payer?: FixPayer;
  /** Attempts that were made before a restart; they count. */
  readonly earlier?: readonly FixAttempt[];
  readonly signal?: AbortSignal;
  /** Tries a patched copy: the same inputs, then those that must still work. The original is never changed. */
  verify(
    files: readonly GuestFile[],
    attempt: { readonly number: number; readonly requestId: string | undefined },
  ): Promise<FixVerdict>;
  /** Makes durable, before a model is asked, that money is set aside. */
  begin?(attempt: {
    readonly number: number;
    readonly requestId: string;
    readonly reservedNanos: bigint;
  }): Promise<void>;
  /** Makes an attempt durable before the next one begins. */
  attempted?(attempt: FixAttempt): Promise<void>;
}

/** Why a fix ended. */
export type FixReason =
  | 'fixed'
  /** Every attempt was made. */
  | 'attempts'
  /** Another attempt could cost more than is left. */
  | 'cap'
  /** Two attempts failed in the same way. */
  | 'repeated'
  | 'price_unknown'
  | 'no_model'
  | 'wall'
  | 'cancelled'
  | 'broken';

/** What came of a task. */
export interface FixResult {
  readonly reason: FixReason;
  readonly isFixed: boolean;
  readonly detail: string | null;
  readonly attempts: readonly FixAttempt[];
  readonly spentNanos: bigint;
  /** The whole fixed program; only when it is fixed. */
  readonly files: readonly GuestFile[] | undefined;
  /** What changed, as a unified diff. */
  readonly patch: string;
}

/** A question to a model under the job of fixing code. */
export interface FixQuestion {
  readonly requestId: string;
  readonly messages: readonly { readonly role: 'system' | 'user'; readonly content: string }[];
  readonly maxTokens: number;
  readonly payer: FixPayer;
}

/** What a model said, or why nothing came; what it cost is told in both cases, null when unknown. */
export interface FixAnswer {
  readonly decisionId: string | null;
  readonly model: string;
  readonly host: string;
  readonly text: string;
  readonly costNanos: bigint | null;
  readonly fault?: Fault;
}

/** Evidence about the model that wrote a patch or a program. */
export interface FixOutcome {
  readonly requestId: string;
  readonly kind: 'test' | 'accepted';
  readonly value: number;
  readonly label: string;
  readonly source: 'runtime' | 'human';
  readonly idempotencyKey: string;
}

/** Fixes programs: asks, patches a copy, tries it, and stops within its bounds. */
export interface Fixer {
  fix(task: FixTask): Promise<FixResult>;
}
