/** How something failed; what programs wrote in it is data. */
export interface FailureReport {
  readonly status: 'failed' | 'limit' | 'build_failed' | 'error_rate';
  readonly exit: { readonly code: number | null; readonly signal: string | null };
  readonly limitsHit: readonly { readonly name: string; readonly allowed: number; readonly observed: number }[];
  readonly stdoutTail: string;
  readonly stderrTail: string;
  readonly frames: readonly { readonly path: string; readonly line: number }[];
}

/** A run, build or app that failed. */
export interface Failure {
  readonly id: string;
  readonly kind: 'run' | 'build' | 'app';
  readonly subject: string;
  readonly app: string | null;
  readonly version: string | null;
  readonly customer: string | null;
  readonly requestId: string | null;
  readonly signature: string;
  readonly report: FailureReport;
  readonly canRunAgain: boolean;
  readonly createdAtMs: number;
}

/** Bounds of a fix. */
export interface FixBounds {
  /** Most that it may cost, in nano-USD; else `maxUsd`, else the configured sum. */
  readonly maxNanos?: string | undefined;
  readonly maxUsd?: string | undefined;
  readonly maxAttempts?: number | undefined;
}

/** Something that a fixed program must do besides. */
export interface FixCheck {
  readonly name?: string;
  /** Whether the fixer may learn how it fails; hidden when absent. */
  readonly hidden?: boolean;
  readonly arguments?: readonly string[];
  readonly stdin?: string;
  readonly entry?: string;
  readonly command?: readonly string[];
  readonly files?: readonly { readonly path: string; readonly content: string }[];
  readonly exitCode?: number;
  readonly stdout?: string;
}

/** The wish to have a run fixed. */
export interface FixRunInput extends FixBounds {
  readonly protect?: readonly string[];
  readonly checks?: readonly FixCheck[];
}

/** When and how the failures of an app are fixed. */
export interface AppFixSettings {
  readonly automatic?: boolean;
  readonly errorRate?: number;
  readonly minRequests?: number;
  readonly maxNanos?: string;
  readonly maxAttempts?: number;
  readonly protect?: readonly string[];
  readonly checks?: readonly {
    readonly name?: string;
    readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
    readonly path: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly status?: number;
    readonly contains?: string;
  }[];
  readonly promote?: { readonly to: 'preview' } | { readonly to: 'canary'; readonly share: number };
}

/** One question to a model and what came of it. */
export interface FixAttempt {
  readonly number: number;
  readonly requestId: string;
  readonly decisionId: string | null;
  readonly model: string;
  readonly host: string;
  readonly promptDigest: string;
  /** null: unknown; all that was set aside then counts as spent. */
  readonly costNanos: string | null;
  readonly reservedNanos: string;
  /** A unified diff. */
  readonly patch: string;
  readonly refusals: readonly { readonly path: string; readonly reason: string }[];
  readonly verdict: 'passed' | 'failed' | 'refused' | 'no_answer' | 'broken';
  readonly checks: readonly {
    readonly name: string;
    readonly isHidden: boolean;
    readonly hasPassed: boolean;
    readonly runId?: string;
  }[];
  readonly isHidden: boolean;
  readonly failure: FailureReport | null;
  readonly detail: string | null;
  readonly startedAtMs: number;
  readonly totalMs: number;
}

/** Work on a failure. */
export interface Fix {
  readonly id: string;
  readonly failureId: string;
  readonly kind: 'run' | 'build' | 'app';
  readonly subject: string;
  readonly customer: string | null;
  readonly state: 'queued' | 'running' | 'fixed' | 'unfixed' | 'failed';
  readonly reason: string | null;
  readonly detail: string | null;
  readonly maxNanos: string;
  readonly spentNanos: string;
  readonly maxAttempts: number;
  readonly protect: readonly string[];
  /** How many checks were asked for besides. */
  readonly checks: number;
  readonly refusedPatches: number;
  readonly patch: string;
  /** The run that the fixed program passed, or the version that it became. */
  readonly runId: string | null;
  readonly version: string | null;
  readonly accepted: boolean | null;
  readonly requestedBy: string;
  readonly createdAtMs: number;
  readonly finishedAtMs: number | null;
}

/** A fix with all that was tried. */
export interface FixTrail extends Fix {
  readonly attempts: readonly FixAttempt[];
  /** The fixed program of a run. */
  readonly files:
    | readonly { readonly path: string; readonly content: string; readonly encoding: 'utf8' | 'base64' }[]
    | null;
}
