import { describe, expect, it } from 'vitest';
import { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject, ModelCall } from '../../domain/calls/model-call.ts';
import type { StreamPart } from '../../domain/calls/stream-part.ts';
import type { AnswerContext, EncodeOptions } from '../contract.ts';
import { anthropicMessagesInbound } from './inbound.ts';
import { anthropicMessagesOutbound } from './outbound.ts';

const context: AnswerContext = {
  requestId: 'rq_1',
  model: 'm',
  createdAtS: 1,
  wantsUsage: true,
  framing: 'sse',
  request: {},
  newId: (prefix) => `${prefix}new`,
};
const options: EncodeOptions = {
  upstreamModel: 'claude-sonnet-4-5',
  requiredMaxOutputTokens: 8192,
  assistantPrefill: true,
  nativeJsonSchema: true,
};

/** The content blocks that a client keeps of a stream, as it sends them back in the next turn. */
function keptByClient(parts: readonly StreamPart[]): JsonObject[] {
  const encoder = anthropicMessagesInbound.openEncoder(context);
  const text = parts.map((part) => encoder.push(part)).join('') + encoder.end();
  const blocks: Record<string, string>[] = [];
  for (const [, data] of text.matchAll(/^data: (.*)$/gm)) {
    const event = JSON.parse(data ?? '') as {
      type: string;
      index: number;
      content_block: Record<string, string>;
      delta: Record<string, string>;
    };
    if (event.type === 'content_block_start') blocks[event.index] = { ...event.content_block };
    if (event.type !== 'content_block_delta') continue;
    const block = blocks[event.index] ?? {};
    for (const [key, value] of Object.entries(event.delta)) {
      if (key !== 'type') block[key] = (block[key] ?? '') + value;
    }
  }
  return blocks;
}

function parse(assistant: readonly JsonObject[]): ModelCall {
  const body: JsonObject = {
    model: 'm',
    max_tokens: 4096,
    thinking: { type: 'enabled', budget_tokens: 2048 },
    messages: [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: assistant },
      { role: 'user', content: 'Go on' },
    ],
  };
  const head = anthropicMessagesInbound.readHead(body, { operation: 'generate' });
  const call = Fault.is(head) ? head : anthropicMessagesInbound.parseCall(body, head);
  if (Fault.is(call)) throw call;
  return call;
}

function upstreamTurn(call: ModelCall): { readonly content: unknown; readonly dropped: readonly string[] } {
  const encoded = anthropicMessagesOutbound.encodeCall(call, options);
  if (Fault.is(encoded)) throw encoded;
  const messages = encoded.body['messages'] as readonly JsonObject[];
  return { content: messages[1]?.['content'], dropped: encoded.dropped };
}

const answer = (...reasoning: StreamPart[]): StreamPart[] => [
  { type: 'start', id: 'msg_1' },
  ...reasoning,
  { type: 'text-start', index: 9 },
  { type: 'text-delta', index: 9, text: 'Answer' },
  { type: 'text-end', index: 9 },
  { type: 'finish', reason: 'stop' },
];

describe('thinking handed back in the next turn', () => {
  const provenance = 'anthropic-messages';
  const thoughts: StreamPart[] = [
    { type: 'reasoning-start', index: 0 },
    { type: 'reasoning-delta', index: 0, text: 'Hm' },
    { type: 'reasoning-end', index: 0, signature: 'c2ln', provenance },
    { type: 'reasoning-start', index: 1 },
    { type: 'reasoning-end', index: 1, redacted: 'ZGF0YQ==', provenance },
    { type: 'reasoning-start', index: 2 },
    { type: 'reasoning-end', index: 2, signature: 'bGF0ZXI=', provenance },
  ];

  it('[scenario 51] is exactly what the upstream issued: signed, redacted, signature only, in order', () => {
    const { content, dropped } = upstreamTurn(
      parse(keptByClient(answer(...thoughts)).filter((block) => block['type'] !== 'text')),
    );
    expect(content).toEqual([
      { type: 'thinking', thinking: 'Hm', signature: 'c2ln' },
      { type: 'redacted_thinking', data: 'ZGF0YQ==' },
      { type: 'thinking', thinking: '', signature: 'bGF0ZXI=' },
    ]);
    expect(dropped).toEqual([]);
  });

  it.each<[string, StreamPart]>([
    ['a signature of Gemini', { type: 'reasoning-end', index: 0, signature: 'CiQB', provenance: 'gemini' }],
    ['a signature of nobody known', { type: 'reasoning-end', index: 0, signature: 'CiQB' }],
    [
      'encrypted reasoning of Responses',
      { type: 'reasoning-end', index: 0, encrypted: 'gAAA', provenance: 'openai-responses' },
    ],
    ['no proof at all', { type: 'reasoning-end', index: 0 }],
  ])('[scenario 53] is left out with %s, so that the upstream does not refuse the conversation', (_name, end) => {
    const [start, delta] = thoughts;
    if (start === undefined || delta === undefined) throw new Error('no thoughts');
    const kept = keptByClient(answer(start, delta, end));
    expect(kept[0]).toMatchObject({ type: 'thinking', thinking: 'Hm' });
    expect(upstreamTurn(parse(kept))).toEqual({
      content: [{ type: 'text', text: 'Answer' }],
      dropped: ['/messages/1/content/0'],
    });
  });

  it('[scenario 53] goes back whole to the dialect that issued the proof', () => {
    const kept = keptByClient(
      answer(
        { type: 'reasoning-start', index: 0, id: 'rs_1' },
        { type: 'reasoning-end', index: 0, encrypted: 'gAAA', provenance: 'openai-responses' },
      ),
    );
    expect(parse(kept).messages[1]?.content[0]).toEqual({
      type: 'reasoning',
      text: '',
      encrypted: 'gAAA',
      id: 'rs_1',
      provenance: 'openai-responses',
      at: '/messages/1/content/0',
    });
  });

  it('[scenario 53] keeps what another dialect redacted apart from what this one did', () => {
    const redacted: StreamPart = { type: 'reasoning-end', index: 0, redacted: 'AAEC', provenance: 'bedrock-converse' };
    const kept = keptByClient(answer({ type: 'reasoning-start', index: 0 }, redacted));
    expect(kept[0]).toMatchObject({ type: 'redacted_thinking' });
    expect(parse(kept).messages[1]?.content[0]).toMatchObject({ redacted: 'AAEC', provenance: 'bedrock-converse' });
    expect(upstreamTurn(parse(kept)).content).toEqual([{ type: 'text', text: 'Answer' }]);
  });

  it('[scenario 53] is left out when a call of another dialect brings a signature of its own', () => {
    const call: ModelCall = {
      ...parse([]),
      dialect: 'gemini',
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
        {
          role: 'assistant',
          content: [
            { type: 'reasoning', text: 'Hm', signature: 'CiQB', at: '/contents/1/parts/0' },
            { type: 'text', text: 'Answer', signature: 'CiQC' },
            { type: 'tool-call', id: 't', name: 'f', arguments: '{}', signature: 'CiQD' },
          ],
        },
        { role: 'user', content: [{ type: 'text', text: 'Go on' }] },
      ],
    };
    const { content, dropped } = upstreamTurn(call);
    expect(content).toEqual([
      { type: 'text', text: 'Answer' },
      { type: 'tool_use', id: 't', name: 'f', input: {} },
    ]);
    expect(dropped).toContain('/contents/1/parts/0');
  });

  it('survives a sealed proof that the client cut', () => {
    const thinking = { type: 'thinking', thinking: 'Hm', signature: 'switchyard:e30' };
    expect(parse([thinking]).messages[1]?.content[0]).toMatchObject({ text: 'Hm', provenance: 'unknown' });
    expect(parse([{ ...thinking, signature: 'switchyard:!!' }]).messages[1]?.content[0]).not.toHaveProperty(
      'signature',
    );
  });
});
