import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../domain/faults/fault.ts';
import type { FinishReason, StreamPart } from '../../domain/calls/stream-part.ts';
import type { UsageBuckets } from '../../domain/rating/usage.ts';
import type { AnswerContext } from '../contract.ts';
import { anthropicMessagesInbound } from './inbound.ts';
import { anthropicMessagesOutbound } from './outbound.ts';

const context: AnswerContext = {
  requestId: 'rq_1',
  model: 'asked-model',
  createdAtS: 1,
  wantsUsage: true,
  framing: 'sse',
  request: {},
  newId: (prefix) => `${prefix}new`,
};

interface WireEvent {
  readonly type: string;
  readonly index?: number;
  readonly [field: string]: unknown;
}

function encode(parts: readonly StreamPart[]): string {
  const encoder = anthropicMessagesInbound.openEncoder(context);
  return parts.map((part) => encoder.push(part)).join('') + encoder.end();
}

const eventsOf = (text: string): WireEvent[] =>
  text
    .split('\n\n')
    .filter((frame) => frame !== '')
    .map((frame) => {
      const [name, data] = frame.split('\n');
      const event = JSON.parse(data?.slice('data: '.length) ?? '') as WireEvent;
      expect(name).toBe(`event: ${event.type}`);
      return event;
    });

const decode = (text: string): StreamPart[] => {
  const decoder = anthropicMessagesOutbound.openDecoder();
  return [...decoder.push(Buffer.from(text)), ...decoder.end()].flatMap((frame) => frame.parts);
};

const usage = (buckets: UsageBuckets): StreamPart => ({ type: 'usage', usage: { source: 'provider', buckets } });

describe('the encoder of a Messages stream', () => {
  it('begins with the input usage and ends with the whole', () => {
    const events = eventsOf(
      encode([
        { type: 'start', id: 'msg_1', model: 'served' },
        usage({ input: 10, cacheRead: 4, cacheWrite1h: 3, output: 1 }),
        { type: 'text-start', index: 0 },
        { type: 'text-delta', index: 0, text: 'Hi' },
        { type: 'text-end', index: 0 },
        usage({ input: 10, cacheRead: 4, cacheWrite1h: 3, output: 5, reasoning: 2, requests: 1 }),
        { type: 'finish', reason: 'stop-sequence', stopSequence: 'END' },
      ]),
    );
    const input = {
      input_tokens: 10,
      cache_read_input_tokens: 4,
      cache_creation_input_tokens: 3,
      cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 3 },
    };
    expect(events[0]).toMatchObject({
      type: 'message_start',
      message: { id: 'msg_1', model: 'served', role: 'assistant', content: [], usage: { ...input, output_tokens: 1 } },
    });
    expect(events.slice(1, 4)).toEqual([
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hi' } },
      { type: 'content_block_stop', index: 0 },
    ]);
    expect(events[4]).toEqual({
      type: 'message_delta',
      delta: { stop_reason: 'stop_sequence', stop_sequence: 'END' },
      usage: {
        ...input,
        output_tokens: 7,
        output_tokens_details: { thinking_tokens: 2 },
        server_tool_use: { web_search_requests: 1 },
      },
    });
    expect(events[5]).toEqual({ type: 'message_stop' });
  });

  it('numbers blocks without a gap and closes each once, parallel tool calls included', () => {
    const events = eventsOf(
      encode([
        { type: 'start' },
        { type: 'reasoning-start', index: 0 },
        { type: 'reasoning-end', index: 0 },
        { type: 'text-start', index: 1 },
        { type: 'text-end', index: 1 },
        { type: 'tool-call-start', index: 2, id: 'a', name: 'f' },
        { type: 'tool-call-start', index: 3, id: '', name: 'g' },
        { type: 'tool-call-delta', index: 2, arguments: '{"x":1}' },
        { type: 'tool-call-delta', index: 3, arguments: '{"y":2}' },
        { type: 'tool-call-end', index: 2 },
        { type: 'finish', reason: 'stop' },
      ]),
    );
    const numbers = (type: string): unknown[] =>
      events.filter((event) => event.type === type).map((event) => event.index);
    expect(numbers('content_block_start')).toEqual([0, 1]);
    expect(numbers('content_block_stop')).toEqual([0, 1]);
    expect(numbers('content_block_delta')).toEqual([0, 1]);
    expect(events[2]).toMatchObject({ content_block: { type: 'tool_use', id: 'toolu_new', name: 'g', input: {} } });
    expect(events.at(-2)).toMatchObject({ delta: { stop_reason: 'tool_use' } });
  });

  it.each<[FinishReason, string]>([
    ['refusal', 'refusal'],
    ['content-filter', 'refusal'],
    ['length', 'max_tokens'],
    ['pause', 'pause_turn'],
    ['tool-calls', 'tool_use'],
  ])('[scenario 9] writes finish %s as %s', (reason, word) => {
    const events = eventsOf(
      encode([{ type: 'start' }, { type: 'refusal-delta', index: 0, text: 'I cannot.' }, { type: 'finish', reason }]),
    );
    expect(events.at(-2)).toMatchObject({ type: 'message_delta', delta: { stop_reason: word } });
    expect(events).toContainEqual(expect.objectContaining({ delta: { type: 'text_delta', text: 'I cannot.' } }));
  });

  it('writes sources as citations of the text before them, even after its end', () => {
    const text = encode([
      { type: 'start' },
      { type: 'text-start', index: 0 },
      { type: 'text-delta', index: 0, text: 'As A says.' },
      { type: 'text-end', index: 0 },
      { type: 'source', url: 'https://a.test/', title: 'A' },
      { type: 'finish', reason: 'stop' },
    ]);
    expect(decode(text).find((part) => part.type === 'source')).toMatchObject({ url: 'https://a.test/', title: 'A' });
  });

  it('carries raw blocks of its own dialect under numbers of its own', () => {
    const raw = (value: object): StreamPart => ({ type: 'raw', value });
    const events = eventsOf(
      encode([
        { type: 'start' },
        { type: 'text-delta', index: 0, text: 'x' },
        raw({ type: 'content_block_start', index: 7, content_block: { type: 'server_tool_use', id: 's' } }),
        raw({ type: 'content_block_stop', index: 7 }),
        raw({ type: 'response.something' }),
        { type: 'finish', reason: 'stop' },
      ]),
    );
    expect(events.map((event) => [event.type, event.index]).slice(3, 6)).toEqual([
      ['content_block_stop', 0],
      ['content_block_start', 1],
      ['content_block_stop', 1],
    ]);
    expect(events.some((event) => event.type.startsWith('response'))).toBe(false);
  });

  it('ends a failed stream with an error event and no message_stop', () => {
    const encoder = anthropicMessagesInbound.openEncoder(context);
    encoder.push({ type: 'start' });
    const text =
      encoder.push({ type: 'text-delta', index: 0, text: 'x' }) + encoder.fail(new Fault('upstream_timeout'));
    expect(eventsOf(text).at(-1)).toEqual({
      type: 'error',
      error: { type: 'timeout_error', message: 'The host did not answer in time.' },
      request_id: 'rq_1',
    });
    expect(text).not.toContain('message_stop');
  });

  it('never ends well without a finish reason', () => {
    const text = encode([{ type: 'start' }, { type: 'text-delta', index: 0, text: 'x' }]);
    expect(eventsOf(text).at(-1)).toMatchObject({ type: 'error' });
    expect(text).not.toContain('message_stop');
  });

  it('ends passed-through streams: a missing message_stop, or an error', () => {
    const position = { sequenceNumber: 0, id: 'm', model: 'x', finished: true, terminated: false };
    expect(anthropicMessagesInbound.closeStream(context, position)).toBe(
      'event: message_stop\ndata: {"type":"message_stop"}\n\n',
    );
    expect(anthropicMessagesInbound.closeStream(context, { ...position, terminated: true })).toBe('');
    const failed = anthropicMessagesInbound.failStream(new Fault('upstream_overloaded'), context, position);
    expect(eventsOf(failed)).toEqual([
      expect.objectContaining({ error: expect.objectContaining({ type: 'overloaded_error' }) }),
    ]);
  });
});

describe('[scenario 3] parts written as a Messages stream and read again', () => {
  const text = fc.string({ minLength: 1, unit: 'grapheme' });
  const proof = fc.oneof(
    fc.constant({}),
    fc.record({ signature: text, provenance: fc.constant('anthropic-messages') }),
  );
  const block = fc.oneof(
    fc.record({ kind: fc.constant('text' as const), pieces: fc.array(text, { minLength: 1, maxLength: 3 }) }),
    fc.record({
      kind: fc.constant('reasoning' as const),
      pieces: fc.array(text, { minLength: 1, maxLength: 3 }),
      proof,
    }),
    fc.record({ kind: fc.constant('signature' as const), signature: text }),
    fc.record({ kind: fc.constant('redacted' as const), data: text }),
    fc.record({
      kind: fc.constant('tool' as const),
      id: text,
      name: text,
      pieces: fc.array(text, { minLength: 1, maxLength: 3 }),
    }),
  );
  type Block = typeof block extends fc.Arbitrary<infer T> ? T : never;
  const provenance = 'anthropic-messages';

  const partsOf = (item: Block, index: number): StreamPart[] => {
    switch (item.kind) {
      case 'text':
        return [
          { type: 'text-start', index },
          ...item.pieces.map((piece): StreamPart => ({ type: 'text-delta', index, text: piece })),
          { type: 'text-end', index },
        ];
      case 'reasoning':
        return [
          { type: 'reasoning-start', index },
          ...item.pieces.map((piece): StreamPart => ({ type: 'reasoning-delta', index, text: piece })),
          { type: 'reasoning-end', index, ...item.proof },
        ];
      case 'signature':
        return [
          { type: 'reasoning-start', index },
          { type: 'reasoning-end', index, signature: item.signature, provenance },
        ];
      case 'redacted':
        return [
          { type: 'reasoning-start', index },
          { type: 'reasoning-end', index, redacted: item.data, provenance },
        ];
      case 'tool':
        return [
          { type: 'tool-call-start', index, id: item.id, name: item.name },
          ...item.pieces.map((piece): StreamPart => ({ type: 'tool-call-delta', index, arguments: piece })),
          { type: 'tool-call-end', index },
        ];
    }
  };

  it('are the same', () => {
    const reason = fc.constantFrom<FinishReason>('length', 'tool-calls', 'refusal', 'pause');
    const buckets = fc.record({
      input: fc.nat(),
      cacheRead: fc.nat(),
      cacheWrite5m: fc.nat(),
      cacheWrite1h: fc.nat(),
      output: fc.nat(),
      reasoning: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(block, { maxLength: 5 }), reason, buckets, (blocks, finishReason, counted) => {
        const parts: StreamPart[] = [
          { type: 'start', id: 'msg_1', model: 'm' },
          ...blocks.flatMap(partsOf),
          usage(counted),
          { type: 'finish', reason: finishReason },
        ];
        // The encoder reports usage at the start too; only its last word counts.
        const again = decode(encode(parts)).filter((part, at) => part.type !== 'usage' || at > 1);
        expect(again).toEqual(parts);
      }),
    );
  });
});
