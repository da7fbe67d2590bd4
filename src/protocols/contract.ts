import type { Completion } from '../domain/calls/completion.ts';
import type { DialectId, InboundDialectId, Operation } from '../domain/calls/dialect.ts';
import type { Fault } from '../domain/faults/fault.ts';
import type { JsonObject, ModelCall } from '../domain/calls/model-call.ts';
import type { StreamPart } from '../domain/calls/stream-part.ts';
import type { JsonEdit } from './json-splice/index.ts';

/** What a route already knows before the body is read. */
export interface RouteHints {
  readonly operation: Operation;
  /** Model named by the path (Gemini), already percent-decoded. */
  readonly model?: string;
  /** Streaming chosen by the path (Gemini). */
  readonly stream?: boolean;
  /** Where below its mount an operation that is passed through was asked for: several may be of one kind. */
  readonly path?: string;
}

/** What an answer or request contains that not every endpoint can do. */
export interface RequestFeatures {
  readonly tools: boolean;
  readonly images: boolean;
  readonly audio: boolean;
  readonly documents: boolean;
  readonly jsonSchema: boolean;
  readonly reasoning: boolean;
  /** Number of alternative answers asked for. */
  readonly candidates: number;
}

/** The few facts of a request that every path needs, read without building a ModelCall. */
export interface RequestHead {
  readonly operation: Operation;
  readonly model: string;
  readonly stream: boolean;
  /** Did the client ask for the usage tail itself? Only chat completions leaves it out by default. */
  readonly wantsUsage: boolean;
  readonly maxOutputTokens?: number;
  readonly endUser?: string;
  /** The client's own key for prompt-cache affinity (`prompt_cache_key`). */
  readonly cacheKey?: string;
  /** Stored Response to continue (`previous_response_id`). */
  readonly previousResponseId?: string;
  /** Job named in the request's metadata. */
  readonly job?: string;
  /** What the request is for, named in its metadata: usage and cost are shown by it. */
  readonly feature?: string;
  features(): RequestFeatures;
  /** System text, tools and first user turn: what a provider's prompt cache is keyed by in practice. */
  prefix(): string;
  /** Upper-bound-leaning estimate of the input tokens. */
  estimateInputTokens(): number;
}

/** What an encoder of answers must know of the exchange. */
export interface AnswerContext {
  readonly requestId: string;
  /** Stands in when the upstream named no model. */
  readonly model: string;
  readonly createdAtS: number;
  readonly wantsUsage: boolean;
  /** `json-array` is Gemini streaming without `alt=sse`. */
  readonly framing: 'sse' | 'json-array';
  /** The request as parsed, for dialects whose answers echo it (Responses). */
  readonly request: JsonObject;
  /** Unguessable id with the given prefix, for answers whose upstream sent none. */
  newId(prefix: string): string;
}

/** How far an upstream stream has come; enough to end it properly in its own dialect. */
export interface StreamPosition {
  /** Next `sequence_number` of a Responses stream. */
  readonly sequenceNumber: number;
  readonly id: string | undefined;
  readonly model: string | undefined;
  /** The upstream said why it stopped. */
  readonly finished: boolean;
  /** The protocol's own last frame was seen. */
  readonly terminated: boolean;
}

/** One upstream event: its exact bytes beside its meaning. */
export interface Frame {
  readonly bytes: Buffer;
  readonly parts: readonly StreamPart[];
  /** The protocol's last frame (`[DONE]`, `message_stop`, `response.completed` …): held until the fact is durable. */
  readonly terminal: boolean;
  /** Carries usage and nothing else: removed for clients that did not ask for it. */
  readonly usageOnly: boolean;
}

/** Push decoder of one upstream stream. Synchronous; correct at every split point. Never throws: malformed input
 * becomes an `error` part with fault `upstream_malformed`. */
export interface StreamDecoder {
  push(chunk: Buffer): readonly Frame[];
  /** The upstream closed: decodes an unterminated last event and closes open blocks. */
  end(): readonly Frame[];
  readonly position: StreamPosition;
}

/** Writes one answer in the client's dialect. */
export interface AnswerEncoder {
  /** Text to send for a part; empty when the part only matters at the end. */
  push(part: StreamPart): string;
  /** All closing frames (finish, usage, terminator) of a good end. */
  end(): string;
  /** In-band error that no client can mistake for a good end. */
  fail(fault: Fault): string;
}

/** The side of a dialect that faces clients. */
export interface InboundProtocol {
  readonly dialect: InboundDialectId;
  /** Where a request of the dialect limits the length of its answer. */
  readonly outputLimitPointer: string;
  readHead(body: JsonObject, route: RouteHints): RequestHead | Fault;
  /** Whole translation into the common vocabulary; only called when dialects differ or features are inspected. */
  parseCall(body: JsonObject, head: RequestHead): ModelCall | Fault;
  /** Edits that put instructions of the operator before those of the client, where the dialect has its instructions. */
  instructionEdits(body: JsonObject, instructions: string): readonly JsonEdit[];
  encodeCompletion(completion: Completion, context: AnswerContext): JsonObject;
  openEncoder(context: AnswerContext): AnswerEncoder;
  /** Error body for an HTTP error status. */
  encodeFault(fault: Fault, requestId: string): JsonObject;
  /** In-band error continuing a stream that was passed through up to `position`. */
  failStream(fault: Fault, context: AnswerContext, position: StreamPosition): string;
  /** Frames missing for a good end of a passed-through stream whose upstream stopped after its finish reason. */
  closeStream(context: AnswerContext, position: StreamPosition): string;
  /** Body of an answer to a count-tokens request. */
  encodeTokenCount?(tokens: number): JsonObject;
}

/** What an encoder of upstream requests must know of the endpoint. */
export interface EncodeOptions {
  readonly upstreamModel: string;
  /** Sent when the dialect requires an output limit and the client gave none. */
  readonly requiredMaxOutputTokens: number;
  /** Accepts an assistant prefix as last message. */
  readonly assistantPrefill: boolean;
  /** Native structured output; without it the encoder emulates by a forced tool where the dialect allows. */
  readonly nativeJsonSchema: boolean;
}

/** Name of the forced tool that emulates structured output; its call is unwrapped into text. */
export const schemaToolName = 'switchyard_answer';

/** A request body for an upstream, with what could not be carried. */
export interface EncodedCall {
  readonly body: JsonObject;
  /** JSON pointers in the client's request of what was left out without changing the meaning. */
  readonly dropped: readonly string[];
  /** Fields added because the upstream requires them. */
  readonly added: readonly string[];
  /** Structured output is emulated: unwrap the call of `schemaToolName` in the answer. */
  readonly emulatesSchema?: boolean;
}

/** The side of a dialect that faces upstreams. */
export interface OutboundProtocol {
  readonly dialect: DialectId;
  /** Media of other dialects that this one carries as bytes only: their URLs must be fetched before encoding. */
  readonly inlineMedia?: readonly ('image' | 'document')[];
  /** `unsupported_feature` when a field that changes the meaning cannot be carried. */
  encodeCall(call: ModelCall, options: EncodeOptions): EncodedCall | Fault;
  decodeCompletion(body: JsonObject): Completion | Fault;
  openDecoder(): StreamDecoder;
}
