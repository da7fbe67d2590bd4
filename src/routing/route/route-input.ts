import type { Exploration } from '../choose/explore.ts';

/** How the job of a request was found. */
export type JobFinding = 'named' | 'only' | 'nearest' | 'unknown';

/** The job that a request belongs to, and how that is known. */
export interface RoutedJob {
  /** Empty when it is unknown: the global level decides. */
  readonly name: string;
  readonly versionId?: string | undefined;
  readonly found: JobFinding;
  /** Of the nearest job, when the request was classified. */
  readonly similarity?: number | undefined;
}

/** Expected price of a token in nano-USD: a statistical quantity, charges never come from it. */
export interface TokenPrice {
  readonly input: number;
  readonly output: number;
  readonly cacheRead?: number | undefined;
}

/** An endpoint as far as a decision depends on it. */
export interface RouteEndpoint {
  readonly id: string;
  /** undefined: unknown, which is never taken for free. */
  readonly price: TokenPrice | undefined;
  /** Configured share among equals. */
  readonly weight: number;
  /** Share of recent attempts that went well. */
  readonly okShare: number;
  /** Within which three of four answers began, lately. */
  readonly firstTokenMs?: number | undefined;
  /** Which three of four answers exceeded, lately. */
  readonly tokensPerSecond?: number | undefined;
  /** Tokens of this conversation in its prompt cache. */
  readonly warmTokens?: number | undefined;
  /** Why it may not be used. */
  readonly excluded?: string | undefined;
  /** It may be used, but not yet: it comes behind all others. */
  readonly later?: string | undefined;
}

/** A model with the endpoints that serve it. */
export interface RouteCandidate {
  readonly model: string;
  readonly endpoints: readonly RouteEndpoint[];
}

/** How a job weighs quality, money and time. */
export interface RoutePolicy {
  /** What one success is worth; undefined: `costWeight` says how much cost counts. */
  readonly valueNanos?: number | undefined;
  readonly costWeight: number;
  readonly nanosPerSecond?: number | undefined;
  readonly floor?: { readonly incumbent: string; readonly margin: number } | undefined;
  /** Absent: the best is always taken. */
  readonly exploration?: (Exploration & { readonly allowanceNanos: number }) | undefined;
  readonly critical: boolean;
}

/** Everything a routed decision depends on besides the snapshot of what was learned; plain data, so that it can be kept and replayed. */
export interface RouteInput {
  readonly job: RoutedJob;
  /** The prompt as `encodeFeatures` writes it; absent when nothing about single prompts is learned. */
  readonly features?: string | undefined;
  /** What the features were made by, where an embeddings model is configured. */
  readonly featuresBy?: string | undefined;
  readonly inputTokens: number;
  readonly policy: RoutePolicy;
  /** In the configured order. */
  readonly candidates: readonly RouteCandidate[];
  readonly seed: number;
}
