import { describe, expect, it } from 'vitest';
import { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { StreamPart } from '../../domain/calls/stream-part.ts';
import type { Frame } from '../contract.ts';
import { collectCompletion } from '../shared/collect-completion.ts';
import { openAIChatOutbound } from './outbound.ts';

type Event = JsonObject | string;

function framesOf(events: readonly Event[]): Frame[] {
  const decoder = openAIChatOutbound.openDecoder();
  const wire = events.map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`).join('');
  return [...decoder.push(Buffer.from(wire)), ...decoder.end()];
}

function partsOf(events: readonly Event[]): StreamPart[] {
  return framesOf(events).flatMap((frame) => frame.parts);
}

function delta(fields: JsonObject, finish: string | null = null): JsonObject {
  return { id: 'chatcmpl-1', model: 'm', created: 5, choices: [{ index: 0, delta: fields, finish_reason: finish }] };
}

function call(entry: JsonObject): JsonObject {
  return delta({ tool_calls: [entry] });
}

const finish = delta({}, 'tool_calls');

function callsOf(events: readonly Event[]): unknown[] {
  const completion = collectCompletion(partsOf([...events, finish, '[DONE]']));
  if (Fault.is(completion)) throw completion;
  return completion.blocks.flatMap((block) =>
    block.type === 'tool-call' ? [[block.id, block.name, block.arguments]] : [],
  );
}

function text(pieces: string): JsonObject {
  return { function: { arguments: pieces } };
}

describe('tool calls of a stream', () => {
  it.each([
    ['correct', [0, 1]],
    ['all zero', [0, 0]],
    ['missing', [undefined, undefined]],
  ])('[scenario 46] stay apart when the index is %s and every piece has its id', (_name, [first, second]) => {
    const entry = (index: number | undefined, rest: JsonObject): JsonObject => ({
      ...(index !== undefined && { index }),
      ...rest,
    });
    expect(
      callsOf([
        call(entry(first, { id: 'a', function: { name: 'f', arguments: '' } })),
        call(entry(second, { id: 'b', function: { name: 'g', arguments: '{"y"' } })),
        call(entry(first, { id: 'a', ...text('{"x":1}') })),
        call(entry(second, { id: 'b', ...text(':2}') })),
      ]),
    ).toEqual([
      ['a', 'f', '{"x":1}'],
      ['b', 'g', '{"y":2}'],
    ]);
  });

  it('[scenario 46] stay apart when all are 0 and only the first piece has its id', () => {
    expect(
      callsOf([
        call({ index: 0, id: 'a', function: { name: 'f', arguments: '' } }),
        call({ index: 0, ...text('{"x":1}') }),
        call({ index: 0, id: 'b', function: { name: 'f', arguments: '' } }),
        call({ index: 0, ...text('{"x":2}') }),
      ]),
    ).toEqual([
      ['a', 'f', '{"x":1}'],
      ['b', 'f', '{"x":2}'],
    ]);
  });

  it('[scenario 46] interleave by index when continuations have no id', () => {
    expect(
      callsOf([
        call({ index: 0, id: 'a', function: { name: 'f', arguments: '' } }),
        call({ index: 1, id: 'b', function: { name: 'g', arguments: '' } }),
        call({ index: 0, ...text('[1') }),
        call({ index: 1, ...text('[2') }),
        call({ index: 0, ...text(']') }),
        call({ index: 1, ...text(']') }),
      ]),
    ).toEqual([
      ['a', 'f', '[1]'],
      ['b', 'g', '[2]'],
    ]);
  });

  it('[scenario 46] stay apart without any id or index when each comes whole', () => {
    const whole = (value: number): JsonObject => call({ function: { name: 'f', arguments: `{"x":${value}}` } });
    expect(callsOf([whole(1), whole(2)])).toEqual([
      ['call_chatcmpl-1_0', 'f', '{"x":1}'],
      ['call_chatcmpl-1_1', 'f', '{"x":2}'],
    ]);
  });

  it('[scenario 46] stay apart under one id when the index and a new name say so', () => {
    const calls = callsOf([
      call({ index: 0, id: 'f', function: { name: 'f', arguments: '{"x":1}' } }),
      call({ index: 1, id: 'f', function: { name: 'f', arguments: '{"x":2}' } }),
    ]);
    expect(calls).toEqual([
      ['f', 'f', '{"x":1}'],
      ['call_chatcmpl-1_1', 'f', '{"x":2}'],
    ]);
  });

  it('[scenario 47] are one call when continuations have no id and an empty name', () => {
    expect(
      callsOf([
        call({ index: 0, id: 'a', function: { name: 'f', arguments: '{"x"' } }),
        call({ index: 0, id: '', function: { name: '', arguments: ':' } }),
        call({ index: 0, function: { name: '', arguments: '1}' } }),
      ]),
    ).toEqual([['a', 'f', '{"x":1}']]);
  });

  it('[scenario 47] are one call when its name and id are repeated or its id rotates', () => {
    expect(
      callsOf([
        call({ index: 0, id: 'a', function: { name: 'f', arguments: '{"x"' } }),
        call({ index: 0, id: 'a', function: { name: 'f', arguments: ':' } }),
        call({ index: 0, id: 'other', function: { arguments: '1' } }),
        call({ index: 0, function: { name: 'f', arguments: '}' } }),
      ]),
    ).toEqual([['a', 'f', '{"x":1}']]);
  });

  it.each([[['']], [['{}']], [['null']], [['nu', 'll']], [[' ']]])(
    '[scenario 48] have {} for arguments %j',
    (pieces) => {
      const [first, ...rest] = pieces;
      expect(
        callsOf([
          call({ id: 'a', function: { name: 'f', arguments: first ?? '' } }),
          ...rest.map((piece) => call({ id: 'a', ...text(piece) })),
        ]),
      ).toEqual([['a', 'f', '{}']]);
    },
  );

  it('[scenario 48] keep arguments that only begin like null', () => {
    expect(callsOf([call({ id: 'a', function: { name: 'f', arguments: 'nul' } })])).toEqual([['a', 'f', 'nul']]);
  });

  it('[scenario 50] keep arguments that were cut by the output limit', () => {
    const parts = partsOf([
      call({ id: 'a', function: { name: 'f', arguments: '{"x": [1, 2' } }),
      delta({}, 'length'),
      '[DONE]',
    ]);
    expect(collectCompletion(parts)).toMatchObject({
      blocks: [{ arguments: '{"x": [1, 2' }],
      finish: { reason: 'length' },
    });
  });

  it('[scenario 6] keep digits beyond 2^53', () => {
    expect(callsOf([call({ id: 'a', function: { name: 'f', arguments: '{"n":9007199254740993}' } })])).toEqual([
      ['a', 'f', '{"n":9007199254740993}'],
    ]);
  });

  it('wait for a name that comes late', () => {
    expect(
      callsOf([call({ index: 0, id: 'a', ...text('{') }), call({ index: 0, function: { name: 'f', arguments: '}' } })]),
    ).toEqual([['a', 'f', '{}']]);
  });

  it('may be legacy function calls, objects or free text', () => {
    expect(
      callsOf([delta({ function_call: { name: 'f', arguments: '{' } }), delta({ function_call: { arguments: '}' } })]),
    ).toEqual([['call_chatcmpl-1_0', 'f', '{}']]);
    expect(callsOf([call({ id: 'a', function: { name: 'f', arguments: { x: 1 } } })])).toEqual([['a', 'f', '{"x":1}']]);
    const custom = (id: string | undefined, custom_: JsonObject): JsonObject =>
      call({ index: 0, ...(id !== undefined && { id }), type: 'custom', custom: custom_ });
    expect(callsOf([custom('a', { name: 'f', input: 'say "' }), custom(undefined, { input: 'hi"\n' })])).toEqual([
      ['a', 'f', JSON.stringify({ input: 'say "hi"\n' })],
    ]);
  });

  it('carry thought signatures', () => {
    const parts = partsOf([
      call({
        index: 0,
        id: 'a',
        function: { name: 'f', arguments: '{}' },
        extra_content: { google: { thought_signature: 'sig' } },
      }),
      finish,
    ]);
    expect(parts).toContainEqual({ type: 'tool-call-end', index: 0, signature: 'sig' });
  });

  it('are found in a whole answer, each entry a call', () => {
    const empty = { function: { name: 'f', arguments: '' } };
    const body = { choices: [{ message: { content: null, tool_calls: [empty, empty] }, finish_reason: 'stop' }] };
    expect(openAIChatOutbound.decodeCompletion(body)).toMatchObject({
      blocks: [{ arguments: '{}' }, { arguments: '{}' }],
      finish: { reason: 'tool-calls', rawReason: 'stop' },
    });
  });
});

describe('reasoning of a stream', () => {
  it.each(['reasoning_content', 'reasoning'])('is read from %s and closed before the text', (field) => {
    const types = partsOf([delta({ [field]: 'hm' }), delta({ content: 'hi' }), delta({}, 'stop')]).map(
      (part) => part.type,
    );
    expect(types).toEqual([
      'start',
      'reasoning-start',
      'reasoning-delta',
      'reasoning-end',
      'text-start',
      'text-delta',
      'text-end',
      'finish',
    ]);
  });

  it('is not read twice from a host that sends text and details', () => {
    const piece = (words: string): JsonObject =>
      delta({ reasoning: words, reasoning_details: [{ type: 'reasoning.text', text: words, index: 0 }] });
    const signed = delta({ reasoning_details: [{ type: 'reasoning.text', signature: 'sig', index: 0 }] });
    const completion = collectCompletion(partsOf([piece('a'), piece('b'), signed, delta({}, 'stop')]));
    expect(completion).toMatchObject({ blocks: [{ type: 'reasoning', text: 'ab', signature: 'sig' }] });
  });

  it('is read from thinking parts and from details alone', () => {
    const thinking = delta({ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] }] });
    const detail = delta({ reasoning_details: [{ type: 'reasoning.text', text: 'hm', index: 0 }] });
    for (const first of [thinking, detail]) {
      const completion = collectCompletion(
        partsOf([first, delta({ content: [{ type: 'text', text: 'hi' }] }), delta({}, 'stop')]),
      );
      expect(completion).toMatchObject({
        blocks: [
          { type: 'reasoning', text: 'hm' },
          { type: 'text', text: 'hi' },
        ],
      });
    }
  });
});

describe('the end of a stream', () => {
  it('[scenario 9] is a refusal when one was spoken, even with "stop", even after a tool call', () => {
    const refused = [delta({ refusal: 'I ' }), delta({ refusal: 'cannot' }), delta({}, 'stop')];
    const expected = { finish: { reason: 'refusal' } };
    expect(collectCompletion(partsOf(refused))).toMatchObject({
      ...expected,
      blocks: [{ type: 'refusal', text: 'I cannot' }],
    });
    const begun = call({ id: 'a', function: { name: 'f', arguments: '{"x' } });
    expect(collectCompletion(partsOf([begun, ...refused]))).toMatchObject(expected);
  });

  it('is terminal at [DONE] and finished without it', () => {
    expect(framesOf([delta({ content: 'hi' }, 'stop'), '[DONE]']).at(-1)).toMatchObject({ terminal: true });
    const decoder = openAIChatOutbound.openDecoder();
    decoder.push(Buffer.from(`data: ${JSON.stringify(delta({ content: 'hi' }, 'stop'))}\n\n`));
    decoder.end();
    expect(decoder.position).toEqual({
      sequenceNumber: 0,
      id: 'chatcmpl-1',
      model: 'm',
      finished: true,
      terminated: false,
    });
  });

  it('has no finish when the upstream gave none, and closes what is open once', () => {
    const parts = partsOf([
      delta({ content: 'hal' }),
      call({ id: 'a', function: { name: 'f', arguments: '{' } }),
      '[DONE]',
    ]);
    expect(parts.filter((part) => part.type === 'finish')).toEqual([]);
    expect(parts.filter((part) => part.type === 'tool-call-end')).toHaveLength(1);
    expect(collectCompletion(parts)).toMatchObject({ code: 'truncated' });
  });

  it('comes once, whatever is repeated after it', () => {
    const parts = partsOf([
      delta({ content: 'hi' }, 'stop'),
      delta({ content: 'more' }, 'stop'),
      '[DONE]',
      '[DONE]',
      delta({}, 'stop'),
    ]);
    expect(parts.filter((part) => part.type === 'finish')).toEqual([{ type: 'finish', reason: 'stop' }]);
    expect(parts.filter((part) => part.type === 'text-delta')).toHaveLength(1);
  });

  it('waits for all alternatives, of which the first is the answer', () => {
    const choice = (index: number, content: string, finish_reason: string | null): JsonObject => ({
      id: 'c',
      choices: [{ index, delta: { content }, finish_reason }],
    });
    const frames = framesOf([
      choice(0, 'a', null),
      choice(1, 'b', null),
      choice(0, '', 'stop'),
      choice(1, 'c', 'length'),
      { id: 'c', choices: [], usage: { prompt_tokens: 1, completion_tokens: 4 } },
    ]);
    expect(frames[2]?.parts).toEqual([]);
    expect(collectCompletion(frames.flatMap((frame) => frame.parts))).toMatchObject({
      blocks: [{ text: 'a' }],
      finish: { reason: 'stop' },
      usage: { buckets: { output: 4 } },
    });
  });
});

describe('errors and oddities of a stream', () => {
  it('become an error part, after which nothing counts', () => {
    const parts = partsOf([
      delta({ content: 'hi' }),
      { error: { message: 'no', code: 'insufficient_quota' } },
      delta({}, 'stop'),
      '[DONE]',
    ]);
    expect(parts.at(-1)).toMatchObject({ type: 'error', fault: { code: 'upstream_quota' } });
  });

  it.each([
    ['in a choice', { id: 'c', choices: [{ delta: {}, error: { code: 502, message: 'x' }, finish_reason: 'error' }] }],
    ['as a finish reason', { id: 'c', choices: [{ delta: {}, finish_reason: 'error' }] }],
    ['flat', { object: 'error', message: 'x', code: 500 }],
  ])('are found %s', (_place, event) => {
    expect(partsOf([event, delta({}, 'stop')]).at(-1)).toMatchObject({ fault: { code: 'upstream_error' } });
  });

  it.each(['{"id":', '[]', '7'])('make %s malformed without throwing', (data) => {
    expect(partsOf([data])).toMatchObject([{ type: 'error', fault: { code: 'upstream_malformed' } }]);
  });

  it('mark the tail that exists only for usage', () => {
    const usage = { prompt_tokens: 1, completion_tokens: 2 };
    const frames = framesOf([
      { ...delta({ content: 'x' }, 'stop'), usage },
      { choices: [], usage },
      { choices: [], prompt_filter_results: [] },
      '[DONE]',
    ]);
    expect(frames.map((frame) => frame.usageOnly)).toEqual([false, true, false, false]);
  });

  it('include keepalives, empty choices and sound', () => {
    const parts = partsOf([
      { choices: [], id: '', model: '' },
      delta({ audio: { data: 'UklGRg==' } }),
      delta({ audio: { transcript: 'hi' } }, 'stop'),
    ]);
    expect(parts[0]).toMatchObject({ type: 'start', id: 'chatcmpl-1', model: 'm' });
    expect(collectCompletion(parts)).toMatchObject({ blocks: [{ mediaType: 'audio/wav', transcript: 'hi' }] });
  });

  it('decode the text of legacy completions', () => {
    const parts = partsOf([{ id: 'cmpl-1', choices: [{ index: 0, text: 'hi', finish_reason: 'stop' }] }]);
    expect(collectCompletion(parts)).toMatchObject({ blocks: [{ type: 'text', text: 'hi' }] });
  });

  it('tell content, usage and end of streaming sibling routes', () => {
    const usage = { type: 'tokens', input_tokens: 14, output_tokens: 5, input_token_details: { audio_tokens: 14 } };
    const spoken = framesOf([
      { type: 'transcript.text.delta', delta: 'hi' },
      { type: 'transcript.text.done', text: 'hi', usage },
    ]);
    expect(spoken.some((frame) => frame.usageOnly)).toBe(false);
    expect(spoken.flatMap((frame) => frame.parts).map((part) => part.type)).toEqual([
      'start',
      'text-delta',
      'usage',
      'finish',
    ]);
    const drawn = partsOf([
      { type: 'image_generation.partial_image', b64_json: 'AAAA' },
      { type: 'image_generation.completed', b64_json: 'BBBB', usage: { input_tokens: 5, output_tokens: 100 } },
    ]);
    expect(drawn).toContainEqual({
      type: 'usage',
      usage: { buckets: { input: 5, imageOut: 100 }, source: 'provider' },
    });
  });

  it('are faults in a whole answer too', () => {
    expect(openAIChatOutbound.decodeCompletion({ error: { code: 429, message: 'slow down' } })).toMatchObject({
      code: 'upstream_rate_limited',
    });
    expect(openAIChatOutbound.decodeCompletion({ choices: [] })).toMatchObject({ code: 'upstream_malformed' });
  });
});
