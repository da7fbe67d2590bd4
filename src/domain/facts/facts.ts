import type { ComputeUse } from '../rating/compute.ts';
import type { DialectId, Operation } from '../calls/dialect.ts';
import type { FaultCode } from '../faults/fault-codes.ts';
import type { RunFact } from './run-fact.ts';
import type { FinishReason } from '../calls/stream-part.ts';
import type { UsageBuckets, UsageSource } from '../rating/usage.ts';

/** An amount in nano-USD as JSON carries it. */
export type NanosText = string;

/** An exchange was admitted; every `open` is closed by one `final` or, after a crash, one `abort`. */
export interface OpenFact {
  readonly type: 'open';
  readonly requestId: string;
  readonly atMs: number;
  readonly key: string;
  readonly customer: string;
  readonly dialect: DialectId;
  readonly operation: Operation;
  readonly model: string;
  readonly stream: boolean;
  readonly job?: string;
  readonly endUser?: string;
  /** Free label of what the request is for, from the caller's metadata; usage and cost are shown by it. */
  readonly feature?: string;
  readonly project?: string;
  /** The browser-safe token that it came with, when that has a budget of its own. */
  readonly tokenId?: string;
  readonly decisionId?: string;
  /** The client's own id for the request, by which it may tell outcomes later. */
  readonly externalId?: string;
  readonly inputEstimateTokens: number;
  readonly heldNanos?: NanosText;
  /** Tokens that count towards a limit of tokens per minute until the end; absent when none limits them. */
  readonly heldTokens?: number;
  /** The request that it is a copy of, made by the product to try another model: nobody is charged for it. */
  readonly shadowOf?: string;
}

/** One upstream call: retries, hedge losers, failed and aborted ones alike. */
export interface AttemptFact {
  readonly type: 'attempt';
  readonly requestId: string;
  /** 1, 2, 3 … in order of start. */
  readonly attempt: number;
  readonly host: string;
  readonly upstreamModel: string;
  readonly dialect: DialectId;
  readonly startedAtMs: number;
  /** Milliseconds from start; absent when the phase was never reached. */
  readonly connectedMs?: number;
  readonly firstByteMs?: number;
  readonly firstTokenMs?: number;
  readonly totalMs: number;
  readonly upstreamStatus?: number;
  readonly upstreamRequestId?: string;
  /** Absent on success. */
  readonly fault?: FaultCode;
  readonly finishReason?: FinishReason;
  readonly usage?: UsageBuckets;
  readonly usageSource?: UsageSource;
  readonly servedTier?: string;
  /** The figure that counts: reported by the provider, else computed, else estimated. null: a used price is unknown. */
  readonly costNanos: NanosText | null;
  /** Absent means computed from the provider's usage, or estimated when the flag says so. */
  readonly costSource?: 'reported' | 'computed' | 'estimated';
  readonly reportedCostNanos?: NanosText;
  /** What usage and price give, kept beside a cost that the provider reported. */
  readonly computedCostNanos?: NanosText;
  readonly priceVersionId?: string;
  readonly contractVersionId?: string;
  /** The price changed while the attempt ran: the version in force at its end, which did not rate it. */
  readonly laterPriceVersionId?: string;
  readonly batch?: boolean;
  readonly region?: string;
  readonly flags: readonly AttemptFlag[];
}

/** Marks of an attempt that explain its figures. */
export type AttemptFlag =
  | 'estimated'
  | 'usage_invalid'
  | 'price_unknown'
  | 'price_assumed'
  | 'amount_refused'
  | 'own_credentials'
  | 'hedge'
  | 'hedge_loser'
  | 'continued'
  | 'cancelled'
  | 'drained'
  | 'repair'
  | 'malformed_event';

/** How an exchange ended. */
export interface FinalFact {
  readonly type: 'final';
  readonly requestId: string;
  readonly atMs: number;
  readonly status: 'completed' | 'failed' | 'aborted';
  /** What the client saw, or would have (499 for a client that left). */
  readonly httpStatus: number;
  /** A fault after bytes were sent is told in band; the HTTP status then stays 200. */
  readonly inBand?: boolean;
  readonly fault?: FaultCode;
  readonly key: string;
  readonly customer: string;
  readonly model: string;
  readonly host?: string;
  readonly upstreamModel?: string;
  readonly attempts: number;
  readonly finishReason?: FinishReason;
  readonly usage?: UsageBuckets;
  readonly costNanos: NanosText | null;
  /** What the customer owes for the exchange by its plan; absent without a plan: the charge is then the cost. */
  readonly chargeNanos?: NanosText | null;
  readonly planVersionId?: string;
  /** Part of the cost that nobody is charged for: empty answers with an error end, for example. */
  readonly absorbedNanos?: NanosText;
  /** The charge was more than was held; it is posted in full. */
  readonly overHold?: boolean;
  readonly cache: 'hit' | 'miss' | 'bypass';
  /** Cost that a cache hit saved. */
  readonly savedNanos?: NanosText;
  readonly firstByteMs?: number;
  readonly totalMs: number;
  readonly dropped?: readonly string[];
  readonly added?: readonly string[];
  readonly continued?: boolean;
  readonly job?: string;
  readonly endUser?: string;
  readonly feature?: string;
  readonly project?: string;
  /** As in its opening. */
  readonly tokenId?: string;
  readonly shadowOf?: string;
  readonly decisionId?: string;
  /** Version of the prompt that the model was given besides. */
  readonly prompt?: string;
  /** Answers of cheaper models that a verifier turned down before this one. */
  readonly drafts?: number;
  /** What running code used; such an exchange asked no model. */
  readonly compute?: ComputeFact;
  /** What the tools did that ran here for the model, in order. */
  readonly toolRuns?: readonly ToolRunFact[];
}

/** What a run, an app or a sandbox used, and what it was priced by. */
export interface ComputeFact extends ComputeUse {
  readonly kind: 'run' | 'app' | 'sandbox';
  /** Id of the run or sandbox, or name of the app. */
  readonly subject: string;
  /** The exchange whose model wrote the code. */
  readonly exchangeId?: string;
}

/** One call of a tool that ran here; the receipt is found by the run's id. */
export interface ToolRunFact {
  readonly tool: string;
  readonly runId?: string;
  /** How it ended: a run's status, or `refused` when nothing ran. */
  readonly status: string;
  readonly totalMs: number;
}

/** Recovery closes what a crash left open. */
export interface AbortFact {
  readonly type: 'abort';
  readonly requestId: string;
  readonly atMs: number;
  readonly estimated: true;
  readonly costNanos: NanosText | null;
  readonly reason: 'crash';
}

/** A later and better figure for an attempt whose usage was estimated; the first figure stays in its own fact. */
export interface CorrectionFact {
  readonly type: 'correction';
  readonly requestId: string;
  readonly attempt: number;
  readonly atMs: number;
  /** Made once, before the work: delivering a correction twice corrects once. */
  readonly correctionId: string;
  readonly usage: UsageBuckets;
  readonly costNanos: NanosText;
  readonly chargeNanos: NanosText;
  readonly source: string;
}

/** Later evidence of value for an exchange; or, with `retracts`, the news that earlier evidence was wrong. */
export interface OutcomeFact {
  readonly type: 'outcome';
  readonly requestId: string;
  /** When it happened, as its teller says. */
  readonly atMs: number;
  readonly kind: string;
  /** 0 (worthless) to 1 (right), when the kind has a scale. */
  readonly value?: number;
  readonly source: string;
  readonly idempotencyKey?: string;
  /** What the outcome is evidence about, copied from the exchange so that projections need no join. */
  readonly job?: string;
  readonly model?: string;
  readonly host?: string;
  readonly customer?: string;
  readonly endUser?: string;
  /** Absent in facts of the first version; then nothing can retract or correct it. */
  readonly outcomeId?: string;
  readonly receivedAtMs?: number;
  /** How far it is to be believed, 0 to 1; absent: what its kind is worth. */
  readonly weight?: number;
  readonly label?: string;
  readonly amountNanos?: NanosText;
  readonly minutesSaved?: number;
  /** Which grader, judge or tests said so, with their versions. */
  readonly grader?: string;
  /** The run of an evaluation that it belongs to. */
  readonly runId?: string;
  /** The outcome that this one takes back; it says nothing else. */
  readonly retracts?: string;
  /** The outcome that this one corrects. */
  readonly supersedes?: string;
  /** Key of the request, which bounds what one of them can move. */
  readonly key?: string;
  /** What routing knew of the prompt, as hashed features, and the success it expected: what makes a surprise. */
  readonly features?: string;
  readonly expected?: number;
  /** About an answer that a verifier turned down and no client saw: it speaks of its model only. */
  readonly draft?: true;
  /** The answer came after drafts that were turned down: its prompt was a hard one, its verdict no average. */
  readonly afterDraft?: true;
  /** Who told it: `owner`, an access token, a key, `gateway` itself. Bounds what one teller can move. */
  readonly postedBy?: string;
}

/** Why these endpoints, in this order; enough to replay the choice. */
export interface DecisionFact {
  readonly type: 'decision';
  readonly requestId: string;
  readonly decisionId: string;
  readonly atMs: number;
  readonly job?: string;
  readonly model: string;
  readonly seed: number;
  readonly chosen: string;
  readonly ranked: readonly string[];
  readonly excluded: readonly { readonly endpoint: string; readonly reason: string }[];
  readonly reasons: readonly string[];
  readonly propensity: number;
  /** Estimated cost of leaving a warm prompt cache, when the choice did. */
  readonly switchNanos?: NanosText;
  /** Only where a model was chosen among several candidates. */
  readonly routing?: RoutingFact;
  /** Who is asked in turn until a verifier is content. */
  readonly cascade?: CascadeFact;
  /** The chain that the request was drawn to be held out of: one model answers alone, so that the chain is measured. */
  readonly heldOutCascade?: CascadeFact;
  /** The side of a rollout that the request was assigned to, with the exact chance of it; within it the job decided. */
  readonly rollout?: { readonly id: string; readonly arm: 'incumbent' | 'candidate'; readonly propensity: number };
  /** Version of the prompt that the model was given besides; its text is in no fact. */
  readonly prompt?: string;
}

/** A chain of models with the verifier between them. */
export interface CascadeFact {
  /** In the order in which they are asked; the last one's answer is delivered as it is. */
  readonly stages: readonly string[];
  readonly verifier: string;
  /** Share of wrong verdicts, as far as outcomes have shown it. */
  readonly verifierError: number;
  /** `configured`: the job names the chain. */
  readonly by: 'configured' | 'auto';
  /** Expected success and cost of the whole chain. */
  readonly success: number;
  readonly costNanos: NanosText;
  /** The model that would have answered alone, which the draw of the decision is about. */
  readonly single: string;
  /** Exact chance of what was done, asking the chain or holding it out; absent: nothing was held out. */
  readonly propensity?: number;
}

/** What a routed decision was made of. */
export interface RoutingFact {
  /** How the job was found. */
  readonly found: 'named' | 'only' | 'nearest' | 'unknown';
  readonly similarity?: number;
  readonly jobVersionId?: string;
  /** Snapshot of what was learned. */
  readonly stateId: string;
  readonly decidedBy: 'best' | 'incumbent' | 'exploration' | 'kept';
  /** Deepest level of evidence behind the qualities. */
  readonly level: 'prior' | 'global' | 'job' | 'prompt';
  readonly candidates: readonly RoutedCandidateFact[];
  /** Endpoints of the chosen model with the probability of each to come first. */
  readonly hosts: readonly { readonly endpoint: string; readonly propensity: number }[];
  readonly hostBy: 'only' | 'sticky' | 'drawn';
  readonly runnerUp?: { readonly model: string; readonly costNanos: NanosText | null };
  /** What one success was taken to be worth. */
  readonly valueNanos?: NanosText;
  readonly inputTokens: number;
  /** The prompt as hashed features; no text can be read from them. */
  readonly features?: string;
  /** `embedding MODEL`, or `words` with why; absent: no embeddings model is configured. */
  readonly featuresBy?: string;
}

/** What was expected of one candidate. */
export interface RoutedCandidateFact {
  readonly model: string;
  /** Expected success, and its lower bound. */
  readonly quality: number;
  readonly lower: number;
  /** Graded answers behind it, discounted by age. */
  readonly evidence: number;
  readonly costNanos: NanosText | null;
  readonly latencyMs: number;
  /** In units of one success. */
  readonly utility: number;
  readonly propensity: number;
  readonly excluded?: string;
  /** Told apart since a floor is the deciding policy's own wish; everything else binds every policy. */
  readonly excludedBy?: ExclusionCause;
}

/** What kept a candidate out: it could not answer, or the job's quality floor. */
export type ExclusionCause = 'eligibility' | 'floor';

/** Everything the journal records about requests and runs. */
export type Fact =
  | OpenFact
  | AttemptFact
  | FinalFact
  | AbortFact
  | CorrectionFact
  | OutcomeFact
  | DecisionFact
  | RunFact;

/** Name of a fact type. */
export type FactType = Fact['type'];
