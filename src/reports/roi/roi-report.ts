import type { Interval } from '../../domain/statistics/normal.ts';

/** What a success is worth: low, middle and high estimate. */
export interface SuccessValue {
  readonly lowNanos: bigint;
  readonly midNanos: bigint;
  readonly highNanos: bigint;
}

/** Whether the answers are as good as the baseline's would have been. */
export interface Parity {
  readonly baseline: string;
  /** Success of what answered less that of the baseline; undefined: the log cannot tell. */
  readonly difference: number | undefined;
  readonly lowerBound: number | undefined;
  /** Points of success that may be lost. */
  readonly margin: number;
  readonly isProven: boolean;
  /** In a sentence: why it is not, or on what it rests. */
  readonly detail: string;
}

/** One step from what the baseline would have cost down to what was paid. */
export interface SavingLayer {
  readonly name: 'price and host' | 'static best' | 'prompt cache' | 'prompt-level routing' | 'verifier cascade';
  /** Zero when the interval covers zero, and when nothing measures it. */
  readonly savedNanos: bigint;
  /** As measured on requests that took no part in choosing; absent where nothing measures it. */
  readonly measured?: { readonly nanos: number; readonly interval: Interval | undefined };
  readonly note: string;
}

/** Saving against a named baseline. */
export interface Saving {
  readonly baselineNanos: bigint;
  readonly actualNanos: bigint;
  readonly savedNanos: bigint;
  readonly layers: readonly SavingLayer[];
  /** What no layer explains for sure. */
  readonly restNanos: bigint;
  /** Requests that the saving is about: those with a logged choice and a known cost. */
  readonly requests: number;
  readonly parity: Parity;
}

/** Value and return at one estimate of what a success is worth. */
export interface Return {
  readonly estimate: 'low' | 'mid' | 'high';
  readonly valueNanos: bigint;
  /** (value − cost) / cost over requests whose outcome is known; undefined when they cost nothing. */
  readonly roi: number | undefined;
}

/** Everything about one job. */
export interface RoiReport {
  readonly job: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly rule: { readonly text: string; readonly version: string };
  readonly requests: number;
  readonly successes: number;
  readonly failures: number;
  /** Nobody told; neither success nor failure. */
  readonly unknown: number;
  readonly successRate: { readonly rate: number; readonly interval: Interval | undefined } | undefined;
  readonly cost: {
    readonly totalNanos: bigint;
    /** Of requests whose outcome is known. */
    readonly toldNanos: bigint;
    /** Failed attempts, lost races and repairs; contained in the total. */
    readonly wasteNanos: bigint;
    /** Drafts of cascades that a verifier turned down; contained in the waste. */
    readonly draftNanos: bigint;
    /** Rests on our own count; contained in the total. */
    readonly estimatedNanos: bigint;
    /** Answers for evaluations; beside the total. */
    readonly evaluationNanos: bigint;
    /** Requests whose cost is unknown; in no sum. */
    readonly unpriced: number;
  };
  /** Nano-USD; without a success only what was spent is known. */
  readonly costPerSuccess:
    | { readonly nanos: number; readonly interval: Interval | undefined; readonly clusters: string }
    | { readonly atLeastNanos: bigint };
  readonly returns: readonly Return[];
  readonly revenueNanos: bigint;
  readonly minutesSaved: number;
  readonly saving: Saving | undefined;
}
