import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../domain/faults/fault.ts';
import type { StreamPart } from '../../domain/calls/stream-part.ts';
import type { AnswerContext } from '../contract.ts';
import { anthropicMessagesInbound } from './inbound.ts';

const context: AnswerContext = {
  requestId: 'rq_1',
  model: 'm',
  createdAtS: 1,
  wantsUsage: true,
  framing: 'sse',
  request: {},
  newId: (prefix) => `${prefix}new`,
};

const parts: readonly StreamPart[] = [
  { type: 'start', id: 'msg_1', model: 'm' },
  { type: 'reasoning-start', index: 0 },
  { type: 'reasoning-delta', index: 0, text: 'Hm' },
  { type: 'reasoning-end', index: 0, signature: 'c2ln', provenance: 'anthropic-messages' },
  { type: 'text-start', index: 1 },
  { type: 'text-delta', index: 1, text: 'Grüße ' },
  { type: 'text-delta', index: 1, text: '🤝' },
  { type: 'text-end', index: 1 },
  { type: 'source', index: 1, url: 'https://a.test/', title: 'A' },
  { type: 'tool-call-start', index: 2, id: 't1', name: 'f' },
  { type: 'tool-call-start', index: 3, id: 't2', name: 'g' },
  { type: 'tool-call-delta', index: 3, arguments: '{"y":2}' },
  { type: 'tool-call-delta', index: 2, arguments: '{"x":1}' },
  { type: 'tool-call-end', index: 2 },
  { type: 'tool-call-end', index: 3 },
  { type: 'usage', usage: { source: 'provider', buckets: { input: 5, cacheRead: 2, output: 7 } } },
  { type: 'finish', reason: 'tool-calls' },
];

const clientOf = (body: string, type: string, status = 200): Anthropic =>
  new Anthropic({
    apiKey: 'unused',
    baseURL: 'http://127.0.0.1:9',
    maxRetries: 0,
    fetch: () => Promise.resolve(new Response(body, { status, headers: { 'content-type': type } })),
  });

const request = { model: 'm', max_tokens: 10, messages: [{ role: 'user' as const, content: 'Hi' }] };

function encode(end: (encoder: ReturnType<typeof anthropicMessagesInbound.openEncoder>) => string): string {
  const encoder = anthropicMessagesInbound.openEncoder(context);
  return parts.map((part) => encoder.push(part)).join('') + end(encoder);
}

describe("the provider's own client", () => {
  it('[scenario 3] reads our stream: text, thinking, parallel calls, sources, usage', async () => {
    const client = clientOf(
      encode((encoder) => encoder.end()),
      'text/event-stream',
    );
    const message = await client.messages.stream(request).finalMessage();
    expect(message).toMatchObject({
      id: 'msg_1',
      stop_reason: 'tool_use',
      usage: { input_tokens: 5, cache_read_input_tokens: 2, output_tokens: 7 },
      content: [
        { type: 'thinking', thinking: 'Hm', signature: 'c2ln' },
        { type: 'text', text: 'Grüße 🤝', citations: [{ url: 'https://a.test/' }] },
        { type: 'tool_use', id: 't1', name: 'f', input: { x: 1 } },
        { type: 'tool_use', id: 't2', name: 'g', input: { y: 2 } },
      ],
    });
  });

  it('raises our in-band error', async () => {
    const client = clientOf(
      encode((encoder) => encoder.fail(new Fault('upstream_overloaded'))),
      'text/event-stream',
    );
    await expect(client.messages.stream(request).finalMessage()).rejects.toThrow('overloaded_error');
  });

  it('understands our error bodies', async () => {
    const fault = new Fault('rate_limited');
    const body = JSON.stringify(anthropicMessagesInbound.encodeFault(fault, 'rq_1'));
    const client = clientOf(body, 'application/json', fault.kind.httpStatus);
    await expect(client.messages.create(request)).rejects.toBeInstanceOf(Anthropic.RateLimitError);
  });
});
