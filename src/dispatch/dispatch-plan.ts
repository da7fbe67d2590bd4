import type { Completion } from '../domain/calls/completion.ts';
import type { Endpoint, PricedEndpoint } from '../domain/calls/endpoint.ts';
import type { AttemptFact } from '../domain/facts/facts.ts';
import type { Fault } from '../domain/faults/fault.ts';
import type { FinishReason } from '../domain/calls/stream-part.ts';
import type { Usage } from '../domain/rating/usage.ts';
import type { Clock } from '../platform/clock.ts';
import type { Random } from '../platform/random.ts';
import type { TimerWheel } from '../platform/timer-wheel.ts';
import type { AnswerContext, InboundProtocol } from '../protocols/contract.ts';
import type { OutboundCall, Provider } from '../providers/contract.ts';
import type { Signals } from '../signals/index.ts';
import type { AnswerHeaders } from './answers/client-sink.ts';
import type { DrainRoom } from './network/drain-room.ts';
import type { Hedging } from './failover/hedge.ts';
import type { MediaFetcher } from './media/media-fetcher.ts';
import type { AttemptPolicy } from './failover/next-attempt.ts';
import type { UpstreamPools } from './network/upstream-pools.ts';

/** One exchange as dispatch needs it: where it may go, what to send, how to answer. */
export interface DispatchPlan {
  readonly requestId: string;
  /** In order of preference; at least one. */
  readonly candidates: readonly Endpoint[];
  readonly call: OutboundCall;
  readonly inbound: InboundProtocol;
  readonly context: AnswerContext;
  readonly policy: AttemptPolicy;
  /** Milliseconds from now until the deadline; 0 or less when it has passed. */
  readonly totalMs: number;
  /** Counted input, for attempts whose upstream never says; only computed when needed. */
  estimateInputTokens(): number;
  /** Most output of all answers together, where the call limits it; only asked for attempts that are estimated. */
  readonly outputLimitTokens?: () => number | undefined;
  /** How long an upstream whose client has left may finish unheard, to learn its true usage; 0 cancels it at once. */
  readonly drainMs: number;
  /** Whether another endpoint may continue a cut stream from the text already sent. */
  readonly continuation: 'off' | 'same_model' | 'any';
  /** Asks a second host when the first is silent for too long; undefined turns it off. */
  readonly hedging: Hedging | undefined;
  readonly keepaliveMs: number;
  readonly clientStallMs: number;
  /** How much a streamed answer may grow under a hard limit; absent, nothing limits it. */
  readonly allowance?: { covers(outputTokens: number): boolean } | undefined;
  /** Keep the whole of a streamed answer, for the response cache. */
  readonly collects: boolean;
  /** Headers of a streamed answer. */
  answerHeaders(answer: AnswerHead): AnswerHeaders;
  /** Headers sent with a keepalive that precedes any answer. */
  earlyHeaders(): AnswerHeaders;
  /** Price and contract in force at an instant; absent, the endpoint's own price is the price. */
  readonly priceOf?: (endpoint: Endpoint, atMs: number) => PricedEndpoint;
  /** Part of a batch: rated at batch prices. */
  readonly isBatch?: boolean;
  /** Each attempt, as soon as it is over. */
  attempted(fact: AttemptFact): void;
  /** Checks an answer against the schema the client demanded; asked where the host only emulates it. */
  verify?(completion: Completion): Promise<Fault | undefined>;
  /** Who looks at an endpoint's answer before the client sees any of it; undefined: it is delivered as it comes. */
  gateOf?(endpoint: Endpoint): AnswerGate | undefined;
}

/** Looks at a whole answer; `answer_rejected` asks the next model instead. */
export type AnswerGate = (completion: Completion) => Promise<Fault | undefined>;

/** What is known of an answer when its first bytes go out. */
export interface AnswerHead {
  readonly endpoint: Endpoint;
  readonly attempts: number;
  readonly dropped: readonly string[];
}

/** Shared machinery. */
export interface DispatchDeps {
  readonly pools: UpstreamPools;
  readonly signals: Signals;
  readonly wheel: TimerWheel;
  readonly clock: Clock;
  readonly random: Random;
  /** Brings in media by URL for hosts that take bytes only; without it such calls are refused. */
  readonly media?: MediaFetcher;
  /** Places for answers that are read on unheard; absent, nothing bounds them. */
  readonly drains?: DrainRoom;
  providerOf(endpoint: Endpoint): Provider;
}

/** How an exchange ended. The caller makes it durable, then sends what remains to be sent. */
export interface DispatchResult {
  readonly status: 'completed' | 'failed' | 'aborted';
  readonly fault?: Fault;
  /** Bytes were sent before the fault: it is told in band. */
  readonly inBand: boolean;
  /** The endpoint that answered, or was asked last. */
  readonly endpoint?: Endpoint;
  readonly attempts: number;
  readonly finishReason?: FinishReason;
  readonly usage?: Usage;
  /** Sum over all attempts; null when a price is unknown. */
  readonly costNanos: bigint | null;
  readonly dropped: readonly string[];
  readonly added: readonly string[];
  readonly firstTokenMs?: number;
  readonly continued: boolean;
  /** The client got the upstream's own bytes: ids in them are the upstream's. */
  readonly passedThrough?: boolean;
  /** The answer in the common vocabulary: buffered ones always, streamed ones when the plan collects. */
  readonly completion?: Completion | undefined;
  /** Streamed: the closing frames. */
  readonly closing?: Buffer | string;
  /** Buffered: the whole answer. */
  readonly answer?: {
    readonly status: number;
    readonly contentType: string;
    readonly body: Buffer | string;
    /** Our own estimate rather than a host's answer. */
    readonly estimated?: boolean;
  };
}
