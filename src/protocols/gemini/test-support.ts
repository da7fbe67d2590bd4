import type { JsonObject, ModelCall } from '../../domain/calls/model-call.ts';
import type { StreamPart } from '../../domain/calls/stream-part.ts';
import type { AnswerContext, EncodedCall, EncodeOptions, RequestHead } from '../contract.ts';
import { callOf, ok } from '../shared/test-support.ts';
import { geminiInbound } from './inbound.ts';
import { geminiOutbound } from './outbound.ts';

export { callOf, ok };

/** A context with stable ids. */
export function contextOf(framing: AnswerContext['framing'] = 'sse'): AnswerContext {
  return {
    requestId: 'request-1',
    model: 'fallback-model',
    createdAtS: 0,
    wantsUsage: true,
    framing,
    request: {},
    newId: (prefix) => `${prefix}new`,
  };
}

/** Head of a request to a model of the given name. */
export function headOf(body: JsonObject, model = 'gemini-2.5-flash'): RequestHead {
  return ok(geminiInbound.readHead(body, { operation: 'generate', model, stream: true }));
}

/** Parses a request as the gateway does. */
export function parse(body: JsonObject): ModelCall {
  return ok(geminiInbound.parseCall(body, headOf(body)));
}

/** Encodes for a model of the given name. */
export function encode(call: ModelCall, options: Partial<EncodeOptions> = {}): EncodedCall {
  return ok(geminiOutbound.encodeCall(call, encodeOptions(options)));
}

/** Options of an ordinary endpoint. */
export function encodeOptions(options: Partial<EncodeOptions> = {}): EncodeOptions {
  return {
    upstreamModel: 'gemini-2.5-flash',
    requiredMaxOutputTokens: 8192,
    assistantPrefill: true,
    nativeJsonSchema: true,
    ...options,
  };
}

/** Server-sent events of the given objects. */
export function sse(events: readonly unknown[], newline = '\n'): Buffer {
  return Buffer.from(events.map((event) => `data: ${JSON.stringify(event)}${newline}${newline}`).join(''));
}

/** Parts of a stream cut at the given places. */
export function decode(bytes: Buffer, cuts: readonly number[] = []): StreamPart[] {
  const decoder = geminiOutbound.openDecoder();
  const parts: StreamPart[] = [];
  let from = 0;
  for (const cut of [...cuts.map((at) => at % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]) {
    parts.push(...decoder.push(Buffer.from(bytes.subarray(from, cut))).flatMap((frame) => frame.parts));
    from = cut;
  }
  // A line feed left over from the last CRLF counts as a keepalive.
  return [...parts, ...decoder.end().flatMap((frame) => frame.parts)].filter((part) => part.type !== 'ping');
}

/** A response of a stream with the given parts. */
export function chunk(parts: readonly JsonObject[], more: JsonObject = {}, candidate: JsonObject = {}): JsonObject {
  return {
    candidates: [{ content: { parts, role: 'model' }, index: 0, ...candidate }],
    modelVersion: 'gemini-3-pro-preview',
    responseId: 'answer-1',
    ...more,
  };
}
