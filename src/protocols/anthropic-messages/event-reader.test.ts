import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fault } from '../../domain/faults/fault.ts';
import { isContent, type StreamPart } from '../../domain/calls/stream-part.ts';
import type { Frame } from '../contract.ts';
import { anthropicMessagesOutbound } from './outbound.ts';

interface WireEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

const start = (id = 'msg_1', usage: object = { input_tokens: 43, output_tokens: 1 }): WireEvent => ({
  type: 'message_start',
  message: { id, type: 'message', role: 'assistant', model: 'claude-x', content: [], usage },
});
const blockStart = (index: number, block: object): WireEvent => ({
  type: 'content_block_start',
  index,
  content_block: block,
});
const delta = (index: number, value: object): WireEvent => ({ type: 'content_block_delta', index, delta: value });
const stop = (index: number): WireEvent => ({ type: 'content_block_stop', index });
const finish = (reason: string, usage: object = { output_tokens: 9 }): WireEvent => ({
  type: 'message_delta',
  delta: { stop_reason: reason, stop_sequence: null },
  usage,
});
const end: WireEvent = { type: 'message_stop' };
const textBlock = (text: string): WireEvent[] => [
  blockStart(0, { type: 'text', text: '' }),
  delta(0, { type: 'text_delta', text }),
  stop(0),
];

const wire = (events: readonly WireEvent[], lineEnd = '\n'): Buffer =>
  Buffer.from(
    events
      .map((event) => `event: ${event.type}${lineEnd}data: ${JSON.stringify(event)}   ${lineEnd}${lineEnd}`)
      .join(''),
  );

function decode(bytes: Buffer, cuts: readonly number[] = []): Frame[] {
  const decoder = anthropicMessagesOutbound.openDecoder();
  const points = [0, ...[...cuts].sort((left, right) => left - right), bytes.length];
  const chunks = points.slice(1).map((to, at) => Buffer.from(bytes.subarray(points[at], to)));
  return [...chunks.flatMap((chunk) => decoder.push(chunk)), ...decoder.end()];
}

const partsOf = (events: readonly WireEvent[]): StreamPart[] => decode(wire(events)).flatMap((frame) => frame.parts);
const faultsOf = (parts: readonly StreamPart[]): Fault[] =>
  parts.flatMap((part) => (part.type === 'error' ? [part.fault] : []));
const only = (parts: readonly StreamPart[], type: StreamPart['type']): StreamPart[] =>
  parts.filter((part) => part.type === type);

describe('the decoder of a Messages stream', () => {
  it('reads a text answer with padded events', () => {
    expect(partsOf([start(), ...textBlock('Hi'), finish('end_turn'), end])).toEqual([
      { type: 'start', id: 'msg_1', model: 'claude-x' },
      { type: 'usage', usage: { source: 'provider', buckets: { input: 43, output: 1 } } },
      { type: 'text-start', index: 0 },
      { type: 'text-delta', index: 0, text: 'Hi' },
      { type: 'text-end', index: 0 },
      { type: 'usage', usage: { source: 'provider', buckets: { input: 43, output: 9 } } },
      { type: 'finish', reason: 'stop' },
    ]);
  });

  it('[scenario 58] replaces earlier usage by later: input 43, then 61, is 61', () => {
    const parts = partsOf([
      start(),
      ...textBlock('x'),
      finish('end_turn', { input_tokens: 61, output_tokens: 2 }),
      end,
    ]);
    expect(only(parts, 'usage').at(-1)).toMatchObject({ usage: { buckets: { input: 61, output: 2 } } });
  });

  it('[scenario 29] reads a repeated message_start once', () => {
    const parts = partsOf([start(), start(), ...textBlock('x'), finish('end_turn'), end]);
    expect(only(parts, 'start')).toHaveLength(1);
    expect(faultsOf(parts)).toEqual([]);
  });

  it('[scenario 29] starts again when the host does so before any content', () => {
    const first = [start('msg_1'), blockStart(0, { type: 'text', text: '' })];
    const parts = partsOf([...first, start('msg_2', { input_tokens: 5 }), ...textBlock('x'), finish('end_turn'), end]);
    expect(only(parts, 'start').at(-1)).toMatchObject({ id: 'msg_2' });
    expect(only(parts, 'text-delta')).toEqual([{ type: 'text-delta', index: 0, text: 'x' }]);
    expect(only(parts, 'usage').at(-1)).toMatchObject({ usage: { buckets: { input: 5, output: 9 } } });
    expect(faultsOf(parts)).toEqual([]);
  });

  it('[scenario 29] calls an answer truncated when another begins after content', () => {
    const first = [start('msg_1'), blockStart(0, { type: 'tool_use', id: 't1', name: 'f', input: {} })];
    const parts = partsOf([...first, start('msg_2'), ...textBlock('second'), finish('end_turn'), end]);
    expect(faultsOf(parts).map((fault) => fault.code)).toEqual(['truncated']);
    expect(only(parts, 'text-delta')).toEqual([]);
    expect(only(parts, 'finish')).toEqual([]);
  });

  it('[scenario 22] holds back lifecycle events and lets the first thought through', () => {
    const frames = decode(
      wire([
        start(),
        { type: 'ping' },
        blockStart(0, { type: 'thinking', thinking: '' }),
        delta(0, { type: 'thinking_delta', thinking: '' }),
        delta(0, { type: 'thinking_delta', thinking: 'Hm' }),
      ]),
    );
    expect(frames.map((frame) => frame.parts.some(isContent))).toEqual([false, false, false, false, true, false]);
  });

  it('[scenario 22] takes a signature without thoughts for content', () => {
    const parts = partsOf([
      start(),
      blockStart(0, { type: 'thinking', thinking: '', signature: '' }),
      delta(0, { type: 'signature_delta', signature: 'c2ln' }),
      stop(0),
    ]);
    expect(parts.filter(isContent)).toEqual([
      { type: 'reasoning-end', index: 0, signature: 'c2ln', provenance: 'anthropic-messages' },
    ]);
  });

  it.each([
    ['no delta at all', []],
    ['an empty delta', [delta(0, { type: 'input_json_delta', partial_json: '' })]],
  ])('[scenario 48] gives a tool call with %s the arguments {}', (_name, deltas) => {
    const block = blockStart(0, { type: 'tool_use', id: 't1', name: 'now', input: {} });
    const parts = partsOf([start(), block, ...deltas, stop(0), finish('tool_use'), end]);
    expect(only(parts, 'tool-call-delta')).toEqual([{ type: 'tool-call-delta', index: 0, arguments: '{}' }]);
    expect(only(parts, 'finish')).toEqual([{ type: 'finish', reason: 'tool-calls' }]);
  });

  it('[scenario 50] passes arguments that the output limit cut as they are', () => {
    const block = blockStart(0, { type: 'tool_use', id: 't1', name: 'f', input: {} });
    const cut = delta(0, { type: 'input_json_delta', partial_json: '{"a": "b' });
    const parts = partsOf([start(), block, cut, finish('max_tokens'), end]);
    expect(parts.slice(-4)).toEqual([
      { type: 'tool-call-delta', index: 0, arguments: '{"a": "b' },
      { type: 'tool-call-end', index: 0 },
      { type: 'usage', usage: { source: 'provider', buckets: { input: 43, output: 9 } } },
      { type: 'finish', reason: 'length' },
    ]);
  });

  it.each([
    ['refusal', { reason: 'refusal' }],
    ['pause_turn', { reason: 'pause' }],
    ['model_context_window_exceeded', { reason: 'length', rawReason: 'model_context_window_exceeded' }],
    ['something_new', { reason: 'other', rawReason: 'something_new' }],
  ])('[scenario 9] reads stop reason %s', (word, meaning) => {
    const parts = partsOf([start(), ...textBlock('I'), finish(word), end]);
    expect(only(parts, 'finish')).toEqual([{ type: 'finish', ...meaning }]);
  });

  it.each([
    ['overloaded_error', 'upstream_overloaded'],
    ['rate_limit_error', 'upstream_rate_limited'],
    ['api_error', 'upstream_error'],
    ['invalid_request_error', 'upstream_rejected'],
    ['authentication_error', 'upstream_auth'],
  ])('reads an in-band %s as %s', (type, code) => {
    const parts = partsOf([start(), { type: 'error', error: { type, message: 'why' } }]);
    expect(faultsOf(parts).map((fault) => fault.code)).toEqual([code]);
  });

  it('carries blocks of server-side tools raw, without a gap in the numbers of the others', () => {
    const server = [
      blockStart(0, { type: 'server_tool_use', id: 's1', name: 'web_search', input: {} }),
      delta(0, { type: 'input_json_delta', partial_json: '{}' }),
      stop(0),
    ];
    const text = [blockStart(1, { type: 'text', text: '' }), delta(1, { type: 'text_delta', text: 'x' }), stop(1)];
    const parts = partsOf([start(), ...server, ...text, { type: 'brand_new' }, finish('end_turn'), end]);
    expect(only(parts, 'raw').map((part) => part.type === 'raw' && part.value)).toEqual([
      ...server,
      { type: 'brand_new' },
    ]);
    expect(only(parts, 'text-delta')).toEqual([{ type: 'text-delta', index: 0, text: 'x' }]);
  });

  it('reads an answer that comes whole with its start', () => {
    const content = [{ type: 'tool_use', id: 't1', name: 'f', input: { x: 1 } }];
    const message = { id: 'msg_1', content, stop_reason: 'tool_use', usage: { output_tokens: 0 } };
    expect(partsOf([{ type: 'message_start', message }, end]).slice(2)).toEqual([
      { type: 'tool-call-start', index: 0, id: 't1', name: 'f' },
      { type: 'tool-call-delta', index: 0, arguments: '{"x":1}' },
      { type: 'tool-call-end', index: 0 },
      { type: 'finish', reason: 'tool-calls' },
    ]);
  });

  it('reads linked citations as sources', () => {
    const citation = { type: 'web_search_result_location', url: 'https://a.test/', title: 'A', cited_text: 'quote' };
    const block = blockStart(0, { type: 'text', text: '', citations: [] });
    const parts = partsOf([start(), block, delta(0, { type: 'citations_delta', citation }), stop(0)]);
    expect(only(parts, 'source')).toEqual([
      { type: 'source', index: 0, url: 'https://a.test/', title: 'A', citedText: 'quote' },
    ]);
  });

  it('marks message_stop as the terminal frame and knows its position', () => {
    const decoder = anthropicMessagesOutbound.openDecoder();
    const frames = decoder.push(wire([start(), ...textBlock('x'), finish('end_turn')]));
    expect(frames.some((frame) => frame.terminal)).toBe(false);
    expect(decoder.position).toMatchObject({ id: 'msg_1', model: 'claude-x', finished: true, terminated: false });
    expect(decoder.push(wire([end])).map((frame) => frame.terminal)).toEqual([true]);
    expect(decoder.position.terminated).toBe(true);
  });

  it.each(['data: {"type":\n\n', 'data: []\n\n', 'data: {"type":"content_block_delta","index":3,"delta":{}}\n\n'])(
    'turns malformed input into an error part: %s',
    (text) => {
      const parts = decode(Buffer.from(text)).flatMap((frame) => frame.parts);
      expect(faultsOf(parts).map((fault) => fault.code)).toEqual(['upstream_malformed']);
    },
  );

  it('closes open blocks when the upstream ends early', () => {
    const parts = partsOf([
      start(),
      blockStart(0, { type: 'text', text: '' }),
      delta(0, { type: 'text_delta', text: 'x' }),
    ]);
    expect(parts.at(-1)).toEqual({ type: 'text-end', index: 0 });
    expect(only(parts, 'finish')).toEqual([]);
  });

  it.each(['\n', '\r\n', '\r'])(
    '[scenario 2] decodes the same parts wherever the bytes are split, line end %j',
    (lineEnd) => {
      const bytes = wire(
        [
          start(),
          blockStart(0, { type: 'thinking', thinking: '' }),
          delta(0, { type: 'thinking_delta', thinking: 'überlegen 🤔' }),
          delta(0, { type: 'signature_delta', signature: 'sig' }),
          stop(0),
          blockStart(1, { type: 'tool_use', id: 't', name: 'f', input: {} }),
          delta(1, { type: 'input_json_delta', partial_json: '{"город":"Київ"}' }),
          stop(1),
          finish('tool_use'),
          end,
        ],
        lineEnd,
      );
      const whole = decode(bytes).flatMap((frame) => frame.parts);
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 40 }), (cuts) => {
          const frames = decode(bytes, cuts);
          // Half a CRLF arriving after everything else reads as a blank keepalive.
          const parts = frames.flatMap((frame) => frame.parts).filter((part) => part.type !== 'ping');
          expect(parts).toEqual(whole);
          expect(Buffer.concat(frames.map((frame) => frame.bytes)).equals(bytes)).toBe(true);
        }),
        { numRuns: 60 },
      );
    },
  );

  it('survives any sequence of events', () => {
    const event = fc.oneof(
      fc.constantFrom(start('msg_1'), start('msg_2'), end, finish('end_turn'), { type: 'ping' }),
      fc.record({ type: fc.string(), index: fc.oneof(fc.integer(), fc.string()), delta: fc.object() }),
      fc.record({
        type: fc.constantFrom('content_block_start', 'content_block_delta', 'content_block_stop', 'message_delta'),
        index: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constant(null)),
        content_block: fc.oneof(fc.record({ type: fc.constantFrom('text', 'thinking', 'tool_use') }), fc.jsonValue()),
        delta: fc.oneof(fc.record({ type: fc.constantFrom('text_delta', 'signature_delta') }), fc.jsonValue()),
        usage: fc.jsonValue(),
      }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), (events) => {
        expect(Array.isArray(partsOf(events as WireEvent[]))).toBe(true);
      }),
    );
  });
});
