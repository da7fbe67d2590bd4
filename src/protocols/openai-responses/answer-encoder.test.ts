import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { StreamPart } from '../../domain/calls/stream-part.ts';
import type { AnswerContext } from '../contract.ts';
import { completionToParts } from '../shared/collect-completion.ts';
import { SseFramer } from '../sse/sse-framer.ts';
import { openAIResponsesInbound as protocol } from './index.ts';
import { openReasoningProof } from './reasoning-envelope.ts';

type Event = Record<string, unknown> & { type: string; sequence_number: number };

function contextOf(request: JsonObject = {}): AnswerContext {
  let ids = 0;
  return {
    requestId: 'req_1',
    model: 'small',
    createdAtS: 1_700_000_000,
    wantsUsage: true,
    framing: 'sse',
    request,
    newId: (prefix) => `${prefix}_${++ids}`,
  };
}

function encode(parts: readonly StreamPart[], request?: JsonObject): string {
  const encoder = protocol.openEncoder(contextOf(request));
  return parts.map((part) => encoder.push(part)).join('') + encoder.end();
}

function eventsOf(text: string): Event[] {
  const framer = new SseFramer();
  return [...framer.push(Buffer.from(text)), ...framer.end()].map(({ event, data }) => {
    const body = JSON.parse(data ?? '') as Event;
    expect(event).toBe(body.type);
    return body;
  });
}

function outputOf(event: Event | undefined): JsonObject[] {
  const response = event?.['response'] as { output: JsonObject[] } | undefined;
  return response?.output ?? [];
}

const stop: StreamPart = { type: 'finish', reason: 'stop' };
const hello: StreamPart[] = [
  { type: 'start', id: 'resp_up', model: 'gpt-x' },
  { type: 'text-start', index: 0 },
  { type: 'text-delta', index: 0, text: 'Hel' },
  { type: 'text-delta', index: 0, text: 'lo' },
  { type: 'text-end', index: 0 },
];

describe('openEncoder', () => {
  it('writes the events of a text in the order of the dialect, without [DONE] [scenario 7]', () => {
    const text = encode([
      ...hello,
      { type: 'usage', usage: { source: 'provider', buckets: { input: 2, output: 1 } } },
      stop,
    ]);
    expect(text).not.toContain('[DONE]');
    const events = eventsOf(text);
    expect(events.map((event) => event.type)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    expect(events.at(-1)?.['response']).toMatchObject({
      id: 'resp_up',
      model: 'gpt-x',
      status: 'completed',
      output: [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Hello' }] }],
      usage: { input_tokens: 2, output_tokens: 1, total_tokens: 3 },
    });
  });

  it('numbers interleaved parallel calls by item and gives an empty call an empty object', () => {
    const events = eventsOf(
      encode([
        { type: 'tool-call-start', index: 0, id: 'call_a', name: 'a' },
        { type: 'tool-call-start', index: 1, id: 'call_b', name: 'b' },
        { type: 'tool-call-delta', index: 0, arguments: '{"n":9007199254740993}' },
        { type: 'tool-call-end', index: 0 },
        { type: 'tool-call-end', index: 1, signature: 'c2ln' },
        { type: 'finish', reason: 'tool-calls' },
      ]),
    );
    expect(outputOf(events.at(-1))).toMatchObject([
      { type: 'function_call', call_id: 'call_a', arguments: '{"n":9007199254740993}', status: 'completed' },
      {
        type: 'function_call',
        call_id: 'call_b',
        arguments: '{}',
        extra_content: { google: { thought_signature: 'c2ln' } },
      },
    ]);
    const delta = events.find((event) => event.type === 'response.function_call_arguments.delta');
    expect(delta).toMatchObject({ output_index: 0, item_id: 'fc_2' });
  });

  it('writes reasoning as a summary and seals a foreign signature', () => {
    const events = eventsOf(
      encode([
        { type: 'reasoning-start', index: 0, id: 'rs_up' },
        { type: 'reasoning-delta', index: 0, text: 'hm' },
        { type: 'reasoning-end', index: 0, signature: 'sig', provenance: 'anthropic-messages' },
        { type: 'reasoning-start', index: 1 },
        { type: 'reasoning-end', index: 1, encrypted: 'gAAA', provenance: 'openai-responses' },
        stop,
      ]),
    );
    const [first, second] = outputOf(events.at(-1));
    expect(first).toMatchObject({ id: 'rs_up', summary: [{ type: 'summary_text', text: 'hm' }] });
    expect(openReasoningProof(String(first?.['encrypted_content']))).toEqual({
      signature: 'sig',
      provenance: 'anthropic-messages',
    });
    expect(second).toMatchObject({ summary: [], encrypted_content: 'gAAA' });
    expect(
      events.filter((event) => event.type.startsWith('response.reasoning_summary')).map((event) => event.type),
    ).toEqual([
      'response.reasoning_summary_part.added',
      'response.reasoning_summary_text.delta',
      'response.reasoning_summary_text.done',
      'response.reasoning_summary_part.done',
    ]);
  });

  it('attaches citations that arrive after their text', () => {
    const events = eventsOf(
      encode([...hello, { type: 'source', url: 'https://a.example', title: 'A', citedText: 'lo' }, stop]),
    );
    expect(outputOf(events.at(-1))).toMatchObject([
      {
        content: [{ annotations: [{ type: 'url_citation', url: 'https://a.example', start_index: 3, end_index: 5 }] }],
      },
    ]);
  });

  it.each([
    ['length', 'max_output_tokens'],
    ['content-filter', 'content_filter'],
    ['other', 'weird'],
  ] as const)('ends %s as incomplete', (reason, detail) => {
    const events = eventsOf(encode([...hello, { type: 'finish', reason, rawReason: 'weird' }]));
    expect(events.at(-1)).toMatchObject({
      type: 'response.incomplete',
      response: { status: 'incomplete', incomplete_details: { reason: detail }, output: [{ status: 'incomplete' }] },
    });
  });

  it('marks the call that was cut, and leaves its arguments as they are [scenario 50]', () => {
    const events = eventsOf(
      encode([
        { type: 'tool-call-start', index: 0, id: 'c', name: 'f' },
        { type: 'tool-call-delta', index: 0, arguments: '{"a":' },
        { type: 'tool-call-end', index: 0 },
        { type: 'finish', reason: 'length' },
      ]),
    );
    expect(outputOf(events.at(-1))).toMatchObject([{ arguments: '{"a":', status: 'incomplete' }]);
  });

  it('says a refusal in words as a refusal part [scenario 9]', () => {
    const events = eventsOf(
      encode([
        { type: 'refusal-delta', index: 0, text: 'I cannot.' },
        { type: 'finish', reason: 'refusal' },
      ]),
    );
    expect(events.map((event) => event.type)).toContain('response.refusal.done');
    expect(outputOf(events.at(-1))).toMatchObject([{ content: [{ type: 'refusal', refusal: 'I cannot.' }] }]);
  });

  it('never lets a refusal without words, in the middle of a call, look complete [scenario 9]', () => {
    const events = eventsOf(
      encode([
        { type: 'tool-call-start', index: 0, id: 'c', name: 'f' },
        { type: 'tool-call-delta', index: 0, arguments: '{' },
        { type: 'tool-call-end', index: 0 },
        { type: 'finish', reason: 'refusal' },
      ]),
    );
    expect(events.at(-1)).toMatchObject({
      type: 'response.incomplete',
      response: { incomplete_details: { reason: 'content_filter' } },
    });
    expect(outputOf(events.at(-1))).toMatchObject([
      { type: 'function_call', status: 'incomplete' },
      { content: [{ type: 'refusal' }] },
    ]);
  });

  it('ends a cut answer with error and response.failed, never with a clean end [scenario 15]', () => {
    const events = eventsOf(encode(hello));
    expect(events.slice(-2)).toMatchObject([
      { type: 'error', code: 'truncated', error: { code: 'truncated', type: 'server_error' } },
      { type: 'response.failed', response: { status: 'failed', error: { code: 'truncated' } } },
    ]);
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, at) => at));
  });

  it('fails once, whoever reports the fault', () => {
    const encoder = protocol.openEncoder(contextOf());
    const first = encoder.push({ type: 'error', fault: new Fault('upstream_timeout') });
    expect(eventsOf(first).map((event) => event.type)).toEqual([
      'response.created',
      'response.in_progress',
      'error',
      'response.failed',
    ]);
    expect(encoder.fail(new Fault('truncated')) + encoder.end()).toBe('');
  });

  it('echoes the request and replaces an id that is not of this dialect', () => {
    const request = { instructions: 'be brief', tools: [{ type: 'web_search' }], metadata: { a: 'b' }, store: false };
    const events = eventsOf(encode([{ type: 'start', id: 'chatcmpl-1' }, stop], request));
    expect(events.at(-1)?.['response']).toMatchObject({
      ...request,
      id: 'resp_1',
      model: 'small',
      tool_choice: 'auto',
    });
  });

  it('carries whole built-in items of its own dialect', () => {
    const item = { id: 'ws_1', type: 'web_search_call', status: 'completed' };
    const raw: StreamPart = { type: 'raw', value: { type: 'response.output_item.done', item } };
    const foreign: StreamPart = { type: 'raw', value: { type: 'server_tool_use' } };
    expect(outputOf(eventsOf(encode([raw, foreign, ...hello, stop])).at(-1))).toMatchObject([
      item,
      { type: 'message' },
    ]);
  });
});

describe('any answer', () => {
  const block = fc.oneof(
    fc.record({ type: fc.constant('text' as const), text: fc.string() }),
    fc.record({ type: fc.constant('refusal' as const), text: fc.string({ minLength: 1 }) }),
    fc.record({ type: fc.constant('reasoning' as const), text: fc.string() }),
    fc.record({ type: fc.constant('media' as const), mediaType: fc.constant('image/png'), base64: fc.base64String() }),
    fc.record({
      type: fc.constant('tool-call' as const),
      id: fc.string(),
      name: fc.string(),
      arguments: fc.json({ maxDepth: 1 }),
    }),
    fc.record({ type: fc.constant('source' as const), url: fc.webUrl() }),
  );
  const reason = fc.constantFrom(
    'stop',
    'length',
    'tool-calls',
    'content-filter',
    'refusal',
    'pause',
    'other' as const,
  );

  it('numbers its events without a gap, and the whole answer equals the streamed one [scenario 7]', () => {
    fc.assert(
      fc.property(fc.array(block), reason, (blocks, finish) => {
        const completion = { blocks, finish: { reason: finish } };
        const text = encode(completionToParts(completion));
        const events = eventsOf(text);
        expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, at) => at));
        expect(events.at(-1)?.['response']).toEqual(
          JSON.parse(JSON.stringify(protocol.encodeCompletion(completion, contextOf()))),
        );
        const added = events.filter((event) => event.type === 'response.output_item.added');
        const done = events.filter((event) => event.type === 'response.output_item.done');
        expect(added.map((event) => event['output_index'])).toEqual(added.map((_, at) => at));
        expect(new Set(done.map((event) => event['output_index'])).size).toBe(added.length);
      }),
      { numRuns: 200 },
    );
  });
});
