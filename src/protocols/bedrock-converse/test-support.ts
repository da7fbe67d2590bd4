import { EventStreamCodec } from '@smithy/eventstream-codec';
import { fromUtf8, toUtf8 } from '@smithy/util-utf8';
import type { ModelCall } from '../../domain/calls/model-call.ts';
import type { StreamPart } from '../../domain/calls/stream-part.ts';
import type { EncodedCall, EncodeOptions } from '../contract.ts';
import { callOf, ok } from '../shared/test-support.ts';
import { bedrockConverseOutbound } from './outbound.ts';

export { callOf, ok };

const codec = new EventStreamCodec(toUtf8, fromUtf8);

/** One binary message of an event stream. */
export function message(headers: { readonly [name: string]: string }, payload: unknown): Buffer {
  const typed = Object.entries(headers).map(([name, value]) => [name, { type: 'string' as const, value }] as const);
  const body = fromUtf8(JSON.stringify(payload));
  return Buffer.from(codec.encode({ headers: Object.fromEntries(typed), body }));
}

/** Binary messages of decoded events, each an object of its type and payload. */
export function binary(events: readonly { readonly [type: string]: unknown }[]): Buffer {
  return Buffer.concat(
    events.flatMap((event) =>
      Object.entries(event).map(([type, payload]) =>
        message({ ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' }, payload),
      ),
    ),
  );
}

/** Parts of a stream cut at the given places. */
export function decode(bytes: Buffer, cuts: readonly number[] = []): StreamPart[] {
  const decoder = bedrockConverseOutbound.openDecoder();
  const parts: StreamPart[] = [];
  let from = 0;
  for (const cut of [...cuts.map((at) => at % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]) {
    parts.push(...decoder.push(Buffer.from(bytes.subarray(from, cut))).flatMap((frame) => frame.parts));
    from = cut;
  }
  return [...parts, ...decoder.end().flatMap((frame) => frame.parts)];
}

/** Options of an ordinary endpoint. */
export function encodeOptions(options: Partial<EncodeOptions> = {}): EncodeOptions {
  return {
    upstreamModel: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
    requiredMaxOutputTokens: 8192,
    assistantPrefill: true,
    nativeJsonSchema: true,
    ...options,
  };
}

/** Encodes for an ordinary endpoint. */
export function encode(call: ModelCall, options: Partial<EncodeOptions> = {}): EncodedCall {
  return ok(bedrockConverseOutbound.encodeCall(call, encodeOptions(options)));
}
