/** What was expected of one candidate. */
export interface RouteCandidate {
  readonly model: string;
  /** Expected success, 0 to 1, and its lower bound. */
  readonly quality: number;
  readonly lower: number;
  /** Graded answers behind it, discounted by age. */
  readonly evidence: number;
  /** Expected nano-USD as decimal text; null: unknown. */
  readonly costNanos: string | null;
  readonly latencyMs: number;
  readonly utility: number;
  readonly propensity: number;
  readonly excluded?: string;
  /** What kept it out: it could not answer, or the job's quality floor. */
  readonly excludedBy?: 'eligibility' | 'floor';
}

/** How a model was chosen among several. */
export interface RoutingExplanation {
  readonly found: 'named' | 'only' | 'nearest' | 'unknown';
  readonly similarity?: number;
  readonly jobVersionId?: string;
  readonly stateId: string;
  readonly decidedBy: 'best' | 'incumbent' | 'exploration' | 'kept';
  readonly level: 'prior' | 'global' | 'job' | 'prompt';
  readonly candidates: readonly RouteCandidate[];
  readonly hosts: readonly { readonly endpoint: string; readonly propensity: number }[];
  readonly hostBy: 'only' | 'sticky' | 'drawn';
  readonly runnerUp?: { readonly model: string; readonly costNanos: string | null };
  readonly valueNanos?: string;
  readonly inputTokens: number;
  readonly featuresDigest?: string;
  /** `embedding MODEL`, or `words` with why; only with an embeddings model. */
  readonly featuresBy?: string;
}

/** Where a request would go, and why. */
export interface RoutePreview {
  /** One sentence for people. */
  readonly summary: string;
  readonly reasons: readonly string[];
  readonly model: string;
  readonly chosen: string;
  readonly ranked: readonly string[];
  readonly job: string | null;
  readonly excluded: readonly { readonly endpoint: string; readonly reason: string }[];
  /** null: a model was asked for by name. */
  readonly routing: RoutingExplanation | null;
  /** Who is asked in turn until a verifier is content; null: one model answers alone. */
  readonly cascade: Cascade | null;
}

/** A chain of models with a verifier between them. */
export interface Cascade {
  readonly stages: readonly string[];
  readonly verifier: string;
  /** Share of wrong verdicts, as outcomes have shown it. */
  readonly verifierError: number;
  readonly by: 'configured' | 'auto';
  /** Expected success and cost of the whole chain. */
  readonly success: number;
  readonly costNanos: string;
  /** The model that would have answered alone. */
  readonly single: string;
  /** Exact chance of being asked rather than held out, or of being held out; absent: nothing is held out. */
  readonly propensity?: number;
}

/** Why a request went where it went. */
export interface DecisionExplanation extends RoutePreview {
  readonly decisionId: string;
  readonly requestId: string;
  readonly atMs: number;
  readonly customer: string | null;
  /** Version of the prompt that the model was given besides; null: none. */
  readonly prompt: string | null;
  /** The side of a rollout that the request was drawn for. */
  readonly rollout: {
    readonly id: string;
    readonly arm: 'incumbent' | 'candidate';
    readonly propensity: number;
  } | null;
  readonly answeredBy: { readonly model: string; readonly host: string } | null;
  readonly propensity: number;
  readonly seed: number;
  readonly isReplayed: boolean | null;
}

/** How far learning is. */
export interface LearningState {
  readonly stateId: string;
  readonly publishedAtMs: number;
  readonly outcomes: number;
  readonly prompts: number;
  readonly models: number;
  readonly jobs: number;
  readonly alarms: readonly { readonly model: string; readonly host?: string; readonly atMs: number }[];
}

/** A kind of work in one of its versions. */
export interface Job {
  readonly id: string;
  readonly job: string;
  readonly version: number | null;
  /** `file`: the configuration file, read-only here; `api`: made by the control API. */
  readonly origin: 'file' | 'api';
  /** As in `jobs` of the configuration file. */
  readonly settings: { readonly [name: string]: unknown };
  readonly createdAtMs: number | null;
}

/** What a job costs per success and what it brings. */
export interface JobReturn {
  readonly job: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** What counts as a success. */
  readonly rule: string;
  readonly requests: number;
  /** Requests beyond what one report looks at. */
  readonly leftOut: number;
  readonly successes: number;
  readonly failures: number;
  /** Nobody told; neither success nor failure. */
  readonly unknown: number;
  readonly successRate: { readonly rate: number; readonly interval: readonly [number, number] | null } | null;
  readonly costNanos: string;
  readonly wasteNanos: string;
  /** Drafts of cascades that a verifier turned down; contained in the waste. */
  readonly draftNanos: string;
  /** Answers for evaluations; beside the cost. */
  readonly evaluationNanos: string;
  readonly unpriced: number;
  /** null: there is no success yet. */
  readonly costPerSuccess: { readonly nanos: number; readonly interval: readonly [number, number] | null } | null;
  readonly returns: readonly {
    readonly estimate: 'low' | 'mid' | 'high';
    readonly valueNanos: string;
    readonly roi: number | null;
  }[];
  /** null: there is no baseline. */
  readonly saving: {
    readonly baseline: string;
    readonly baselineNanos: string;
    readonly actualNanos: string;
    readonly savedNanos: string;
    /** What no layer explains for sure. */
    readonly restNanos: string;
    /** Requests with a logged choice and a known cost. */
    readonly requests: number;
    readonly isProven: boolean;
    readonly detail: string;
    readonly layers: readonly { readonly name: string; readonly savedNanos: string; readonly note: string }[];
  } | null;
}
