import type { DialectId, HostProtocol, Operation } from '../domain/calls/dialect.ts';
import type { Endpoint } from '../domain/calls/endpoint.ts';
import type { Fault } from '../domain/faults/fault.ts';
import type { JsonObject, ModelCall } from '../domain/calls/model-call.ts';
import type { Completion } from '../domain/calls/completion.ts';
import type { StreamDecoder } from '../protocols/contract.ts';

/** A client's request on its way out. `bytes` is the body as received, for splicing without re-serialising. */
export interface OutboundCall {
  readonly operation: Operation;
  readonly dialect: DialectId;
  readonly bytes: Buffer;
  readonly body: JsonObject;
  readonly stream: boolean;
  /** Path and query below the base URL for metered pass-through of an operation without translation. */
  readonly passThroughPath?: string;
  /** Content type of the body; JSON unless multipart. */
  readonly contentType: string;
  /** Client headers that may travel on (`anthropic-beta`, `openai-beta` …), already filtered. */
  readonly headers: { readonly [name: string]: string };
  /** Send what `parse` returns even where the dialects agree: the call is no longer the client's own bytes. */
  readonly translate?: boolean;
  /** Whole translation, done at most once and only when dialects differ. */
  parse(): ModelCall | Fault;
}

/** A call about an object that a host keeps (files, batches, stored responses), on OpenAI's routes. */
export interface ObjectCall {
  readonly method: UpstreamRequest['method'];
  /** Below the base URL, with query. */
  readonly path: string;
  readonly body?: Buffer;
  /** Of the body. */
  readonly contentType?: string;
}

/** An HTTP request to a host, before its credentials. */
export interface UpstreamRequest {
  readonly method: 'POST' | 'GET' | 'DELETE';
  readonly origin: string;
  /** Path with query. */
  readonly path: string;
  readonly headers: { readonly [name: string]: string };
  readonly body: Buffer | undefined;
}

/** A request ready to be signed and sent, with the way to read its answer. */
export interface EncodedRequest {
  readonly request: UpstreamRequest;
  /** Dialect of the answer. When it equals the client's, bytes may pass through unchanged. */
  readonly dialect: DialectId;
  /** Bytes of the answer may go to the client as they are. */
  readonly passThrough: boolean;
  /** We asked for the usage tail on the client's behalf: strip it again. */
  readonly stripUsage: boolean;
  readonly dropped: readonly string[];
  readonly added: readonly string[];
  /** The host knows no schemas: a tool call stands in for structured output, and the answer must be checked. */
  readonly emulatesSchema?: boolean;
  readonly openDecoder: () => StreamDecoder;
  readonly decodeCompletion: (body: JsonObject) => Completion | Fault;
}

/** What an upstream did wrong, as seen from the transport. */
export type UpstreamFailure =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers: { readonly [name: string]: string | string[] | undefined };
      readonly body: Buffer;
    }
  | { readonly kind: 'network'; readonly phase: 'connect' | 'headers' | 'body'; readonly cause: unknown };

/** Evidence behind a host's address and wire format. */
export type Evidence =
  | { readonly kind: 'recorded' }
  | { readonly kind: 'documented'; readonly url: string; readonly date: string }
  /** No page of the vendor's states it: the address is that of public listings, the rest is its dialect as such. */
  | { readonly kind: 'assumed' };

/** Knows one provider: how to address, sign, encode, decode and classify. Stateless but for token caches. */
export interface Provider {
  readonly id: string;
  readonly name: string;
  readonly protocol: HostProtocol;
  readonly baseUrl: string | undefined;
  /** Environment variables that hold its key, first wins. */
  readonly keyEnv: readonly string[];
  /** A local server found by probing its default address. */
  readonly local: boolean;
  readonly evidence: Evidence;
  /**
   * Dialect spoken for a model (Vertex serves several); the client's own where the host speaks it too. Undefined: the
   * operation is not offered.
   */
  dialectFor(endpoint: Endpoint, operation: Operation, client?: DialectId): DialectId | undefined;
  /** Kinds of media that the call's translation can carry as bytes only; undefined where nothing has to be fetched. */
  inlineMedia?(call: OutboundCall, endpoint: Endpoint): readonly ('image' | 'document')[] | undefined;
  encode(call: OutboundCall, endpoint: Endpoint): EncodedRequest | Fault;
  /** Addresses a call about an object; undefined when the host has no such routes. */
  encodeObjectCall(call: ObjectCall, endpoint: Endpoint): UpstreamRequest | undefined;
  /**
   * Adds credentials last, so that signatures cover the final bytes and nothing before sees a secret. Rejects with a
   * Fault when a token cannot be fetched.
   */
  sign(request: UpstreamRequest, endpoint: Endpoint): UpstreamRequest | Promise<UpstreamRequest>;
  /**
   * Whose fault, how long to wait. `nowMs` is for HTTP dates. The endpoint's own credentials are cut out of whatever
   * the upstream says; without the endpoint only what looks like a credential is.
   */
  classify(failure: UpstreamFailure, nowMs: number, endpoint?: Endpoint): Fault;
}
