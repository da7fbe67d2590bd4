/** JSON as parsed; what we carry without looking inside. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A parsed JSON object of unknown shape. */
export type JsonObject = { readonly [key: string]: Json };

/** Prompt-cache mark on a block (Anthropic `cache_control`). */
export interface CacheMark {
  readonly ttl: '5m' | '1h';
}

/** Bytes or a reference to bytes of an image, sound, video or document. */
export type MediaSource =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'base64'; readonly mediaType: string; readonly data: string }
  | { readonly kind: 'file'; readonly fileId: string; readonly mediaType?: string };

/** A piece of a message. `at` is the JSON pointer of the piece in the client's own request, for loss reports. */
export type ContentPart =
  | {
      readonly type: 'text';
      readonly text: string;
      readonly cache?: CacheMark;
      readonly at?: string;
      readonly signature?: string;
    }
  | {
      readonly type: 'image';
      readonly source: MediaSource;
      readonly detail?: string;
      readonly cache?: CacheMark;
      readonly at?: string;
    }
  | { readonly type: 'audio'; readonly source: MediaSource; readonly format?: string; readonly at?: string }
  | { readonly type: 'video'; readonly source: MediaSource; readonly at?: string }
  | {
      readonly type: 'document';
      readonly source: MediaSource;
      readonly title?: string;
      readonly cache?: CacheMark;
      readonly at?: string;
    }
  | ReasoningPart
  | { readonly type: 'refusal'; readonly text: string; readonly at?: string }
  | ToolCallPart
  | ToolResultPart
  /** A block only its own dialect understands (server tools and their results, say). */
  | { readonly type: 'opaque'; readonly dialect: string; readonly value: Json; readonly at?: string };

/** Earlier reasoning handed back by the client. Signatures are bound to `provenance` and dropped elsewhere. */
export interface ReasoningPart {
  readonly type: 'reasoning';
  readonly text: string;
  readonly signature?: string;
  readonly redacted?: string;
  readonly encrypted?: string;
  /** Dialect that issued the signature; absent: that of the call. */
  readonly provenance?: string;
  readonly id?: string;
  readonly at?: string;
}

/** A tool call of an earlier assistant turn. `arguments` stays the exact JSON text. */
export interface ToolCallPart {
  readonly type: 'tool-call';
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
  /** Gemini `thoughtSignature` of the call. */
  readonly signature?: string;
  readonly cache?: CacheMark;
  readonly at?: string;
}

/** What the client's tool answered. */
export interface ToolResultPart {
  readonly type: 'tool-result';
  readonly toolCallId: string;
  readonly name?: string;
  readonly content: readonly ContentPart[];
  readonly isError?: boolean;
  readonly cache?: CacheMark;
  readonly at?: string;
}

/** One turn. `system` covers system and developer instructions, in order of appearance. Tool results are role `tool`. */
export interface Message {
  readonly role: 'system' | 'developer' | 'user' | 'assistant' | 'tool';
  readonly content: readonly ContentPart[];
  readonly name?: string;
}

/** A tool the model may call. Server-side tools of one provider are `opaque`. */
export type Tool =
  | {
      readonly type: 'function';
      readonly name: string;
      readonly description?: string;
      readonly parameters?: JsonObject;
      readonly strict?: boolean;
      readonly cache?: CacheMark;
      readonly at?: string;
    }
  | {
      readonly type: 'opaque';
      readonly dialect: string;
      readonly name?: string;
      readonly value: Json;
      readonly at?: string;
    };

/** Which tool the model must or may call. */
export type ToolChoice =
  | { readonly type: 'auto' }
  | { readonly type: 'none' }
  | { readonly type: 'required' }
  | { readonly type: 'tool'; readonly name: string }
  | { readonly type: 'allowed'; readonly mode: 'auto' | 'required'; readonly names: readonly string[] };

/** The form the answer must have. */
export type ResponseFormat =
  | { readonly type: 'text' }
  | { readonly type: 'json' }
  | {
      readonly type: 'json-schema';
      readonly name?: string;
      readonly description?: string;
      readonly schema: JsonObject;
      readonly strict?: boolean;
    };

/** How much the model may think, in whichever way the client said it. */
export interface ReasoningRequest {
  readonly enabled?: boolean;
  /** Effort word of the dialect: none, minimal, low, medium, high, xhigh, max. */
  readonly effort?: string;
  readonly budgetTokens?: number;
  /** The client wants to see (a summary of) the reasoning. */
  readonly summary?: string;
}

/** Sampling and output controls. Absent means the client said nothing, and we add nothing. */
export interface Sampling {
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly frequencyPenalty?: number;
  readonly presencePenalty?: number;
  readonly seed?: number;
  readonly stop?: readonly string[];
  readonly candidates?: number;
  readonly logprobs?: boolean;
  readonly topLogprobs?: number;
  readonly logitBias?: JsonObject;
}

/** A request for one answer, in the common vocabulary; built only when it must cross dialects. */
export interface ModelCall {
  readonly dialect: string;
  readonly model: string;
  readonly stream: boolean;
  readonly messages: readonly Message[];
  readonly tools: readonly Tool[];
  readonly toolChoice?: ToolChoice;
  readonly parallelToolCalls?: boolean;
  readonly responseFormat?: ResponseFormat;
  readonly reasoning?: ReasoningRequest;
  readonly sampling: Sampling;
  readonly maxOutputTokens?: number;
  readonly modalities?: readonly string[];
  readonly endUser?: string;
  readonly metadata?: JsonObject;
  readonly serviceTier?: string;
  readonly promptCacheKey?: string;
  readonly verbosity?: string;
  /**
   * JSON pointer in the client's request of each typed field above that was present, by our field name
   * (`sampling.topK` -> `/top_k`). Encoders name a field they cannot carry; the pointer goes into the loss report.
   */
  readonly pointers: { readonly [field: string]: string };
  /** Fields of the client's request that this vocabulary has no word for, by JSON pointer. */
  readonly rest: { readonly [pointer: string]: Json };
}
