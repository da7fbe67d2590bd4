import { describe, expect, it } from 'vitest';
import type { StreamPart } from '../../domain/calls/stream-part.ts';
import { isContent } from '../../domain/calls/stream-part.ts';
import type { StreamPosition } from '../contract.ts';
import { openAIResponsesOutbound as protocol } from './index.ts';

type Body = { readonly type: string; readonly [key: string]: unknown };

function decode(events: readonly Body[], end = ''): { parts: StreamPart[]; position: StreamPosition; held: boolean[] } {
  const decoder = protocol.openDecoder();
  const text = events
    .map((body, at) => `event: ${body.type}\ndata: ${JSON.stringify({ sequence_number: at, ...body })}\n\n`)
    .join('');
  const frames = [...decoder.push(Buffer.from(text + end)), ...decoder.end()];
  return {
    parts: frames.flatMap((frame) => frame.parts),
    position: decoder.position,
    held: frames.map((frame) => frame.terminal),
  };
}

const created: Body = { type: 'response.created', response: { id: 'resp_1', model: 'm', created_at: 5, output: [] } };
const completed: Body = { type: 'response.completed', response: { id: 'resp_1', status: 'completed', output: [] } };
const textDelta = (delta: string, place: object = {}): Body => ({
  type: 'response.output_text.delta',
  output_index: 0,
  content_index: 0,
  delta,
  ...place,
});

describe('openDecoder', () => {
  it('reads text, usage and the end, and holds only the terminal event', () => {
    const usage = { input_tokens: 3, input_tokens_details: { cached_tokens: 1 }, output_tokens: 2 };
    const { parts, position, held } = decode([
      created,
      { type: 'response.output_item.added', output_index: 0, item: { type: 'message', id: 'msg_1', content: [] } },
      {
        type: 'response.content_part.added',
        output_index: 0,
        content_index: 0,
        part: { type: 'output_text', text: '' },
      },
      textDelta('Hi'),
      { type: 'response.output_text.done', output_index: 0, content_index: 0, text: 'Hi' },
      {
        type: 'response.output_item.done',
        output_index: 0,
        item: { type: 'message', content: [{ type: 'output_text', text: 'Hi' }] },
      },
      { type: 'response.completed', response: { status: 'completed', usage, service_tier: 'flex' } },
    ]);
    expect(parts).toEqual([
      { type: 'start', id: 'resp_1', model: 'm', createdAtS: 5 },
      { type: 'text-start', index: 0 },
      { type: 'text-delta', index: 0, text: 'Hi' },
      { type: 'text-end', index: 0 },
      {
        type: 'usage',
        usage: { buckets: { input: 2, cacheRead: 1, output: 2 }, source: 'provider', servedTier: 'flex' },
      },
      { type: 'finish', reason: 'stop', rawReason: 'completed' },
    ]);
    expect(position).toEqual({ sequenceNumber: 7, id: 'resp_1', model: 'm', finished: true, terminated: true });
    expect(held).toEqual([false, false, false, false, false, false, true]);
  });

  it('finds no content in lifecycle events that end in an error of quota [scenario 13] [scenario 14]', () => {
    const error = { type: 'insufficient_quota', code: 'insufficient_quota', message: 'no quota' };
    const { parts, position } = decode([
      created,
      { ...created, type: 'response.in_progress' },
      { type: 'response.output_item.added', output_index: 0, item: { type: 'reasoning', id: 'rs_1', summary: [] } },
      { type: 'response.output_item.added', output_index: 1, item: { type: 'message', id: 'msg_1', content: [] } },
      { type: 'error', error },
      { type: 'response.failed', response: { status: 'failed', error } },
    ]);
    expect(parts.filter(isContent)).toEqual([]);
    expect(parts.filter((part) => part.type === 'error').map((part) => part.fault.code)).toEqual(['upstream_quota']);
    expect(position).toMatchObject({ finished: false, terminated: true, sequenceNumber: 6 });
  });

  it('reads flat error events too', () => {
    const { parts } = decode([created, { type: 'error', code: 'rate_limit_exceeded', message: 'slow', param: null }]);
    expect(parts.at(-1)).toMatchObject({ type: 'error', fault: { code: 'upstream_rate_limited' } });
  });

  it('closes what a cut left open and claims no end [scenario 15]', () => {
    const { parts, position } = decode([created, textDelta('a')]);
    expect(parts.at(-1)).toEqual({ type: 'text-end', index: 0 });
    expect(position).toMatchObject({ finished: false, terminated: false });
  });

  it('takes [DONE] for nothing, before and after the end', () => {
    expect(decode([created, textDelta('a')], 'data: [DONE]\n\n').position.finished).toBe(false);
    const { position, held } = decode([created, textDelta('a'), completed], 'data: [DONE]\n\n');
    expect(position.finished).toBe(true);
    expect(held).toEqual([false, false, true, true]);
  });

  it('goes by place, since hosts change item ids half way', () => {
    const { parts } = decode([
      created,
      {
        type: 'response.output_item.added',
        output_index: 0,
        item: { type: 'function_call', id: 'A', call_id: 'c', name: 'f' },
      },
      { type: 'response.function_call_arguments.delta', output_index: 0, item_id: 'B', delta: '{"a":' },
      { type: 'response.function_call_arguments.delta', output_index: 0, item_id: 'C', delta: '1}' },
      {
        type: 'response.output_item.done',
        output_index: 0,
        item: { type: 'function_call', id: 'D', call_id: 'c', name: 'f', arguments: '{"a":1}' },
      },
      completed,
    ]);
    expect(parts.filter((part) => part.type.startsWith('tool-call'))).toEqual([
      { type: 'tool-call-start', index: 0, id: 'c', name: 'f' },
      { type: 'tool-call-delta', index: 0, arguments: '{"a":' },
      { type: 'tool-call-delta', index: 0, arguments: '1}' },
      { type: 'tool-call-end', index: 0 },
    ]);
    expect(parts.at(-1)).toMatchObject({ type: 'finish', reason: 'tool-calls' });
  });

  it('keeps calls apart when every item claims the same place', () => {
    const call = (id: string): Body[] => [
      { type: 'response.output_item.added', output_index: 0, item: { type: 'function_call', call_id: id, name: 'f' } },
      { type: 'response.function_call_arguments.delta', output_index: 0, delta: `{"id":"${id}"}` },
    ];
    const { parts } = decode([created, ...call('a'), ...call('b'), completed]);
    expect(parts.filter((part) => part.type === 'tool-call-delta').map((part) => [part.index, part.arguments])).toEqual(
      [
        [0, '{"id":"a"}'],
        [1, '{"id":"b"}'],
      ],
    );
  });

  it('takes content from the closing event when no pieces came', () => {
    const { parts } = decode([
      created,
      {
        type: 'response.output_item.done',
        output_index: 0,
        item: { type: 'reasoning', id: 'rs_1', summary: [{ text: 'a' }, { text: 'b' }], encrypted_content: 'gAA' },
      },
      {
        type: 'response.output_item.done',
        output_index: 1,
        item: { type: 'function_call', call_id: 'c', name: 'f', arguments: '' },
      },
      {
        type: 'response.output_item.done',
        output_index: 2,
        item: {
          type: 'message',
          content: [
            {
              type: 'output_text',
              text: 'x',
              annotations: [{ type: 'url_citation', url: 'https://a.example', title: 'A' }],
            },
          ],
        },
      },
      completed,
    ]);
    expect(parts.slice(1, -1)).toEqual([
      { type: 'reasoning-start', index: 0, id: 'rs_1' },
      { type: 'reasoning-delta', index: 0, text: 'a\n\nb' },
      { type: 'reasoning-end', index: 0, encrypted: 'gAA', provenance: 'openai-responses' },
      { type: 'tool-call-start', index: 1, id: 'c', name: 'f' },
      { type: 'tool-call-delta', index: 1, arguments: '{}' },
      { type: 'tool-call-end', index: 1 },
      { type: 'text-start', index: 2 },
      { type: 'text-delta', index: 2, text: 'x' },
      { type: 'text-end', index: 2 },
      { type: 'source', url: 'https://a.example', title: 'A', index: 2 },
    ]);
  });

  it('takes citations from the closing event only if none came before', () => {
    const annotation = { type: 'url_citation', url: 'https://a.example', title: '' };
    const done = {
      type: 'response.output_item.done',
      output_index: 0,
      item: { type: 'message', content: [{ type: 'output_text', text: 'a', annotations: [annotation] }] },
    };
    const place = { output_index: 0, content_index: 0 };
    const event = { type: 'response.output_text.annotation.added', ...place, annotation };
    for (const events of [
      [created, textDelta('a'), event, done, completed],
      [created, textDelta('a'), done, completed],
    ]) {
      expect(decode(events).parts.filter((part) => part.type === 'source')).toEqual([
        { type: 'source', url: 'https://a.example', index: 0 },
      ]);
    }
  });

  it('joins summary parts as paragraphs and ignores the second telling of the same reasoning', () => {
    const summary = (index: number, delta: string): Body => ({
      type: 'response.reasoning_summary_text.delta',
      output_index: 0,
      summary_index: index,
      delta,
    });
    const { parts } = decode([
      created,
      summary(0, 'a'),
      summary(0, 'b'),
      summary(1, 'c'),
      { type: 'response.reasoning_text.delta', output_index: 0, content_index: 0, delta: 'abc' },
      completed,
    ]);
    const text = parts.flatMap((part) => (part.type === 'reasoning-delta' ? [part.text] : [])).join('');
    expect(text).toBe('ab\n\nc');
  });

  it('reads a refusal as a refusal, not as an ordinary stop [scenario 9]', () => {
    const { parts } = decode([
      created,
      { type: 'response.refusal.delta', output_index: 0, content_index: 0, delta: 'No' },
      { type: 'response.refusal.done', output_index: 0, content_index: 0, refusal: 'No' },
      completed,
    ]);
    expect(parts.slice(1)).toEqual([
      { type: 'refusal-delta', index: 0, text: 'No' },
      { type: 'finish', reason: 'refusal', rawReason: 'completed' },
    ]);
  });

  it.each([
    ['max_output_tokens', 'length'],
    ['content_filter', 'content-filter'],
    ['something_new', 'other'],
  ])('ends an incomplete response of %s as %s', (reason, finish) => {
    const response = { status: 'incomplete', incomplete_details: { reason } };
    const { parts, position } = decode([created, textDelta('a'), { type: 'response.incomplete', response }]);
    expect(parts.at(-1)).toEqual({ type: 'finish', reason: finish, rawReason: reason });
    expect(position.finished).toBe(true);
  });

  it('begins again at a new id half way, with the blocks of the first closed [scenario 29]', () => {
    const again = { ...created, response: { id: 'resp_2', model: 'm' } };
    const { parts, position } = decode([created, textDelta('a'), created, again, textDelta('b')]);
    expect(parts.map((part) => part.type)).toEqual([
      'start',
      'text-start',
      'text-delta',
      'text-end',
      'start',
      'text-start',
      'text-delta',
      'text-end',
    ]);
    expect(position.id).toBe('resp_2');
  });

  it('turns free-form tool input into JSON arguments and keeps other built-in items raw', () => {
    const item = { type: 'custom_tool_call', id: 'ctc_1', call_id: 'c', name: 'sql', input: '' };
    const { parts } = decode([
      created,
      { type: 'response.output_item.added', output_index: 0, item },
      { type: 'response.custom_tool_call_input.delta', output_index: 0, delta: 'SELECT "a"' },
      { type: 'response.custom_tool_call_input.delta', output_index: 0, delta: '\n;' },
      { type: 'response.output_item.done', output_index: 0, item: { ...item, input: 'SELECT "a"\n;' } },
      { type: 'response.web_search_call.searching', output_index: 1, item_id: 'ws_1' },
      completed,
    ]);
    const text = parts.flatMap((part) => (part.type === 'tool-call-delta' ? [part.arguments] : [])).join('');
    expect(JSON.parse(text)).toEqual({ input: 'SELECT "a"\n;' });
    expect(parts.filter((part) => part.type === 'raw')).toHaveLength(1);
  });

  it('reports events that are not the protocol as malformed [scenario 28]', () => {
    const decoder = protocol.openDecoder();
    const frames = decoder.push(Buffer.from('data: {"type":\n\ndata: 5\n\n'));
    expect(frames.flatMap((frame) => frame.parts)).toMatchObject([
      { type: 'error', fault: { code: 'upstream_malformed' } },
      { type: 'error', fault: { code: 'upstream_malformed' } },
    ]);
  });
});

describe('decodeCompletion', () => {
  it('keeps long integers in arguments to the digit [scenario 6]', () => {
    const item = { type: 'function_call', call_id: 'c', name: 'f', arguments: '{"n":9007199254740993}' };
    expect(protocol.decodeCompletion({ id: 'resp_1', status: 'completed', output: [item] })).toMatchObject({
      blocks: [{ type: 'tool-call', arguments: '{"n":9007199254740993}' }],
      finish: { reason: 'tool-calls' },
    });
  });

  it('turns failed responses, error bodies and foreign bodies into faults', () => {
    const failed = { status: 'failed', output: [], error: { code: 'server_error', message: 'x' } };
    expect(protocol.decodeCompletion(failed)).toMatchObject({ code: 'upstream_error' });
    expect(protocol.decodeCompletion({ error: { code: 'context_length_exceeded', message: 'long' } })).toMatchObject({
      code: 'context_too_long',
      message: 'long',
    });
    expect(protocol.decodeCompletion({ choices: [] })).toMatchObject({ code: 'upstream_malformed' });
  });
});
