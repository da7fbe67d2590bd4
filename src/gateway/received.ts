import type { PromptVersion } from '../catalog/index.ts';
import type { InboundProtocol, RouteHints } from '../protocols/contract.ts';
import type { DispatchResult } from '../dispatch/index.ts';
import type { FinalFact } from '../domain/facts/facts.ts';
import type { Key } from '../tenants/index.ts';
import type { FormVerdict } from './evidence/answer-signals.ts';

/** One request as the edge hands it over: head checked, key known, body read. */
export interface Received {
  readonly requestId: string;
  readonly inbound: InboundProtocol;
  readonly route: RouteHints;
  readonly framing: 'sse' | 'json-array';
  readonly key: Key;
  readonly bytes: Buffer;
  readonly contentType: string;
  /** Path and query of a metered pass-through route below the version segment. */
  readonly passThroughPath?: string;
  /** Client headers that may travel on to an upstream of the same dialect. */
  readonly forwardHeaders: { readonly [name: string]: string };
  readonly controls: RequestControls;
  /** Set on a copy that the product makes of a request, to ask another model or host the same. */
  readonly copy?: CopyOrder;
  /** Job whose demands hold though a model is named; only by callers inside the product. */
  readonly under?: string;
  /** What the model is told besides, in place of the prompt of any job; only by callers inside the product. */
  readonly prompt?: PromptVersion | undefined;
  /** Told when the exchange is over, with what it cost; only by callers inside the product. */
  settled?(end: SettledEnd): void;
}

/** Of what a copy is, and who shall answer it. */
export interface CopyOrder {
  /** Id of the request. */
  readonly of: string;
  readonly job: string;
  readonly model: string;
  readonly host?: string | undefined;
  /** What the copy is told besides. */
  readonly prompt?: PromptVersion | undefined;
  /** Longest answer where the request itself has no limit: money is set aside for no more. */
  readonly maxOutputTokens?: number | undefined;
}

/** How an exchange of the product's own ended. */
export interface SettledEnd {
  readonly final: FinalFact;
  readonly result: DispatchResult;
  /** Resolves with what the gateway itself saw of the form of the answer. */
  verdicts(): Promise<readonly FormVerdict[]>;
}

/** What a choice of endpoints looks at. */
export type Asking = Pick<Received, 'requestId' | 'key' | 'controls' | 'copy' | 'under' | 'prompt'>;

/** What a client says to Switchyard itself, through `x-switchyard-*` headers. */
export interface RequestControls {
  /** Conversation for prompt-cache affinity. */
  readonly session?: string;
  readonly job?: string;
  /** What the request is for: usage and cost are shown by it. */
  readonly feature?: string;
  /** The client's own id for the request, to tell outcomes by. */
  readonly externalId?: string;
  /** Tests that answers must pass, as they came: base64 of JSON. */
  readonly tests?: string;
  /** Put the decision's reasons into the answer's headers. */
  readonly explain: boolean;
  /** Asks for the response cache in this request, whatever the key says. */
  readonly cache?: 'off' | 'deterministic' | 'all';
  /** `no-store` and `no-cache` of the client. */
  readonly cacheControl?: string;
  /** The client's own deadline. */
  readonly deadlineMs?: number;
  /** Place in the client's trace, as it came. */
  readonly traceparent?: string;
}
