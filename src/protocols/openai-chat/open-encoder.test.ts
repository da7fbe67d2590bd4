import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Completion, CompletionBlock } from '../../domain/calls/completion.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { StreamPart } from '../../domain/calls/stream-part.ts';
import type { AnswerContext } from '../contract.ts';
import { collectCompletion, completionToParts } from '../shared/collect-completion.ts';
import { openAIChatInbound } from './inbound.ts';
import { openAIChatOutbound } from './outbound.ts';

function contextWith(wantsUsage: boolean): AnswerContext {
  let count = 0;
  return {
    requestId: 'r',
    model: 'asked-for',
    createdAtS: 7,
    wantsUsage,
    framing: 'sse',
    request: {},
    newId: (prefix) => `${prefix}${count++}`,
  };
}

function wireOf(parts: readonly StreamPart[], wantsUsage = true): string {
  const encoder = openAIChatInbound.openEncoder(contextWith(wantsUsage));
  return parts.map((part) => encoder.push(part)).join('') + encoder.end();
}

function eventsOf(wire: string): (JsonObject | '[DONE]')[] {
  const lines = wire.split('\n\n').filter((line) => line !== '');
  return lines.map((line) => (line === 'data: [DONE]' ? '[DONE]' : (JSON.parse(line.slice(6)) as JsonObject)));
}

function decode(bytes: Buffer, cuts: readonly number[] = []): StreamPart[] {
  const decoder = openAIChatOutbound.openDecoder();
  const parts: StreamPart[] = [];
  let from = 0;
  for (const cut of [...cuts.map((at) => at % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]) {
    for (const frame of decoder.push(Buffer.from(bytes.subarray(from, cut)))) parts.push(...frame.parts);
    from = cut;
  }
  return [...parts, ...decoder.end().flatMap((frame) => frame.parts)];
}

const usage = { buckets: { input: 3, output: 2 }, source: 'provider' } as const;
const text = fc.string({ unit: 'grapheme', minLength: 1 });
const args = fc.json({ maxDepth: 2 }).filter((json) => json !== 'null');
const optional = fc.option(text, { nil: undefined });

/** What this dialect can hold: reasoning first, then prose, then calls, as its messages are built. */
const completion: fc.Arbitrary<Completion> = fc
  .record({
    reasoning: fc.array(fc.record({ type: fc.constant('reasoning' as const), text, signature: text }), {
      maxLength: 3,
    }),
    redacted: fc.array(fc.record({ type: fc.constant('reasoning' as const), text: fc.constant(''), redacted: text }), {
      maxLength: 2,
    }),
    text: fc.option(text, { nil: undefined }),
    calls: fc.uniqueArray(
      fc.record({
        type: fc.constant('tool-call' as const),
        id: text,
        name: text,
        arguments: args,
        signature: optional,
      }),
      { selector: (call) => call.id, maxLength: 4 },
    ),
  })
  .map((parts): Completion => {
    const blocks: CompletionBlock[] = [...parts.reasoning, ...parts.redacted];
    if (parts.text !== undefined) blocks.push({ type: 'text', text: parts.text });
    blocks.push(...parts.calls);
    const finish = { reason: parts.calls.length > 0 ? ('tool-calls' as const) : ('stop' as const) };
    return { id: 'chatcmpl-x', model: 'm', createdAtS: 5, blocks, finish, usage };
  });

describe('the stream encoder', () => {
  it('gives back every answer, split anywhere', () => {
    fc.assert(
      fc.property(completion, fc.array(fc.nat(), { maxLength: 6 }), (whole, cuts) => {
        const wire = Buffer.from(wireOf(completionToParts(whole)));
        expect(collectCompletion(decode(wire, cuts))).toEqual(whole);
      }),
    );
  });

  it('agrees with the encoder of whole answers', () => {
    fc.assert(
      fc.property(completion, (whole) => {
        const body = openAIChatInbound.encodeCompletion(whole, contextWith(true));
        const decoded = openAIChatOutbound.decodeCompletion(JSON.parse(JSON.stringify(body)) as JsonObject);
        if (Fault.is(decoded)) throw decoded;
        expect(decoded.blocks.filter((block) => block.type !== 'reasoning')).toEqual(
          whole.blocks.filter((block) => block.type !== 'reasoning'),
        );
        const { choices } = body as unknown as { readonly choices: readonly { readonly message: JsonObject }[] };
        const message = choices[0]?.message ?? {};
        const request = { model: 'm', messages: [message] };
        const head = openAIChatInbound.readHead(request, { operation: 'generate' });
        if (Fault.is(head)) throw head;
        const call = openAIChatInbound.parseCall(request, head);
        if (Fault.is(call)) throw call;
        const again = call.messages[0]?.content.map(({ at: _at, ...part }) => part);
        // Turn two carries exactly what turn one answered, signatures included.
        expect(again?.filter((part) => part.type !== 'text' || part.text !== '')).toEqual(whole.blocks);
      }),
    );
  });

  it('[scenario 8] begins with the role of the assistant, whatever came first', () => {
    const answers: StreamPart[][] = [
      [
        { type: 'start', id: 'msg_1', model: 'claude' },
        { type: 'text-delta', index: 0, text: 'hi' },
      ],
      [{ type: 'text-delta', index: 0, text: 'hi' }],
      [],
    ];
    for (const parts of answers) {
      const [first] = eventsOf(wireOf([...parts, { type: 'finish', reason: 'stop' }]));
      expect(first).toMatchObject({ object: 'chat.completion.chunk', choices: [{ delta: { role: 'assistant' } }] });
    }
  });

  it('[scenario 56] writes one usage chunk with empty choices last before [DONE], only if asked', () => {
    const parts: StreamPart[] = [
      { type: 'usage', usage },
      { type: 'text-delta', index: 0, text: 'hi' },
      { type: 'finish', reason: 'stop' },
      { type: 'usage', usage },
    ];
    const asked = eventsOf(wireOf(parts));
    expect(asked.at(-1)).toBe('[DONE]');
    expect(asked.at(-2)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
    });
    expect(asked.at(-3)).toMatchObject({ choices: [{ finish_reason: 'stop' }] });
    expect(asked.filter((event) => event !== '[DONE]' && event['usage'] !== undefined)).toHaveLength(1);
    const silent = eventsOf(wireOf(parts, false));
    expect(silent.filter((event) => event !== '[DONE]' && 'usage' in event)).toEqual([]);
  });

  it('[scenario 9] ends a refusal as content_filter, never as stop', () => {
    const parts: StreamPart[] = [
      { type: 'refusal-delta', index: 0, text: 'No.' },
      { type: 'finish', reason: 'refusal' },
    ];
    const events = eventsOf(wireOf(parts));
    expect(events[1]).toMatchObject({ choices: [{ delta: { refusal: 'No.' } }] });
    expect(events.at(-2)).toMatchObject({ choices: [{ finish_reason: 'content_filter' }] });
    expect(collectCompletion(decode(Buffer.from(wireOf(parts))))).toMatchObject({ finish: { reason: 'refusal' } });
  });

  it('numbers parallel calls, each start with index, id and name', () => {
    const events = eventsOf(
      wireOf([
        { type: 'text-delta', index: 0, text: 'x' },
        { type: 'tool-call-start', index: 1, id: 'a', name: 'f' },
        { type: 'tool-call-start', index: 2, id: 'b', name: 'g' },
        { type: 'tool-call-delta', index: 1, arguments: '{}' },
        { type: 'finish', reason: 'tool-calls' },
      ]),
    );
    expect(events[2]).toMatchObject({
      choices: [{ delta: { tool_calls: [{ index: 0, id: 'a', type: 'function', function: { name: 'f' } }] } }],
    });
    expect(events[3]).toMatchObject({ choices: [{ delta: { tool_calls: [{ index: 1, id: 'b' }] } }] });
    expect(events[4]).toMatchObject({
      choices: [{ delta: { tool_calls: [{ index: 0, function: { arguments: '{}' } }] } }],
    });
  });

  it('speaks function_call to clients that sent functions', () => {
    const context = { ...contextWith(false), request: { functions: [{ name: 'f' }] } };
    const whole: Completion = {
      blocks: [{ type: 'tool-call', id: 'a', name: 'f', arguments: '{"x":1}' }],
      finish: { reason: 'tool-calls' },
    };
    expect(openAIChatInbound.encodeCompletion(whole, context)).toMatchObject({
      choices: [{ message: { function_call: { name: 'f', arguments: '{"x":1}' } }, finish_reason: 'function_call' }],
    });
    const encoder = openAIChatInbound.openEncoder(context);
    const wire =
      completionToParts(whole)
        .map((part) => encoder.push(part))
        .join('') + encoder.end();
    expect(wire).not.toContain('tool_calls');
    expect(collectCompletion(decode(Buffer.from(wire)))).toMatchObject({
      blocks: [{ name: 'f', arguments: '{"x":1}' }],
      finish: { reason: 'tool-calls', rawReason: 'function_call' },
    });
  });

  it('fails in band without finish reason and without [DONE]', () => {
    const encoder = openAIChatInbound.openEncoder(contextWith(true));
    const wire = encoder.push({ type: 'text-delta', index: 0, text: 'hal' }) + encoder.fail(new Fault('truncated'));
    expect(wire).not.toContain('[DONE]');
    expect(wire).not.toContain('"finish_reason":"');
    expect(eventsOf(wire).at(-1)).toMatchObject({ error: { code: 'truncated', type: 'server_error' } });
    expect(decode(Buffer.from(wire)).at(-1)).toMatchObject({ type: 'error' });
  });

  it('ends and fails passed-through streams from where they are', () => {
    const position = { sequenceNumber: 0, id: 'x', model: 'm', finished: true, terminated: false };
    const context = contextWith(false);
    expect(openAIChatInbound.closeStream(context, position)).toBe('data: [DONE]\n\n');
    expect(openAIChatInbound.closeStream(context, { ...position, terminated: true })).toBe('');
    expect(openAIChatInbound.failStream(new Fault('truncated'), context, position)).toMatch(/^data: {"error":.*}\n\n$/);
  });
});
