import type { Nanos } from './tenant-types.ts';

/** What is to be evaluated. */
export interface EvalInput {
  readonly job: string;
  readonly candidates: readonly string[];
  /** Or `logged`: the kept requests of the job that were a success. */
  readonly items: readonly EvalItemInput[] | 'logged';
  /** Most that the run may spend, in nano-USD. */
  readonly maxNanos: Nanos;
  readonly samples?: number | undefined;
  readonly seed?: number | undefined;
  readonly maxTokens?: number | undefined;
  readonly temperature?: number | undefined;
  readonly graderUrl?: string | undefined;
  readonly judge?: string | undefined;
  /** Other prompts for the job: every candidate is asked with each of them, besides the job's own. */
  readonly prompts?: readonly { readonly name: string; readonly instructions: string }[] | undefined;
}

/** One item: what is asked, and what is right. */
export interface EvalItemInput {
  readonly id?: string;
  readonly prompt?: string;
  readonly messages?: readonly object[];
  readonly tools?: readonly object[];
  readonly responseFormat?: object;
  readonly maxTokens?: number;
  readonly expected: object;
}

/** A run of an evaluation. */
export interface EvalRun {
  readonly id: string;
  readonly job: string;
  readonly state: 'queued' | 'running' | 'completed' | 'stopped' | 'failed';
  readonly candidates: readonly string[];
  readonly graders: string;
  readonly itemCount: number;
  readonly maxNanos: Nanos;
  readonly spentNanos: Nanos;
  readonly detail: string | null;
  readonly report: EvalReport | null;
  readonly createdAtMs: number;
  readonly finishedAtMs: number | null;
}

/** What a run says in figures. */
export interface EvalReport {
  readonly candidates: readonly EvalCandidate[];
  readonly pairs: readonly EvalPair[];
  readonly judge: { readonly gate: 'green' | 'red' | 'unknown'; readonly reasons: readonly string[] } | null;
}

/** One candidate in a run; what is unknown is no failure. */
export interface EvalCandidate {
  readonly candidate: string;
  readonly items: number;
  readonly passed: number;
  readonly unknown: number;
  readonly errors: number;
  readonly rate: number | null;
  readonly interval: readonly [number, number] | null;
  readonly costNanos: Nanos | null;
  readonly costPerSuccessNanos: Nanos | null;
  readonly medianMs: number | null;
  readonly passAtK: number | null;
  readonly passAllK: number | null;
}

/** Two candidates on the same items. */
export interface EvalPair {
  readonly first: string;
  readonly second: string;
  readonly wins: number;
  readonly losses: number;
  readonly ties: number;
  readonly p: number;
  readonly verdict: 'first' | 'second' | 'open';
  readonly needsMore: number | null;
}

/** An item on which two candidates differ. */
export interface EvalFlip {
  readonly itemId: string;
  readonly winner: string;
  readonly answers: { readonly [candidate: string]: string };
  readonly reasons: readonly string[];
}

/** Models at their hosts on one job. */
export interface Leaderboard {
  readonly job: string;
  readonly rule: { readonly text: string; readonly version: string };
  readonly unknown: number;
  readonly rows: readonly LeaderboardRow[];
}

/** One line of a leaderboard. */
export interface LeaderboardRow {
  readonly model: string;
  readonly host: string;
  readonly n: number;
  readonly rate: number | null;
  readonly interval: readonly [number, number] | null;
  readonly rank: readonly [number, number];
  readonly costPerSuccessNanos: Nanos | null;
  readonly costPerSuccessInterval: readonly [Nanos, Nanos] | null;
  readonly costAtLeastNanos: Nanos | null;
  readonly mixNanosPerMillion?: Nanos | null;
  readonly firstByteP50Ms: number | null;
  readonly firstByteP95Ms: number | null;
  readonly tokensPerSecondP50: number | null;
  readonly errorRate: number | null;
  readonly needsMore: number | null;
  readonly lastMs: number | null;
}
