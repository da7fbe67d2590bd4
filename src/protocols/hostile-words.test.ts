import { describe, expect, it } from 'vitest';
import { Fault } from '../domain/faults/fault.ts';
import type { JsonObject } from '../domain/calls/model-call.ts';
import {
  anthropicMessagesOutbound,
  bedrockConverseOutbound,
  geminiOutbound,
  openAIChatOutbound,
  openAIResponsesInbound,
  openAIResponsesOutbound,
  readBedrockError,
  readGeminiError,
} from './index.ts';

/** Words that every object knows, and objects that cannot be turned into text. */
const inherited = ['constructor', '__proto__', 'toString', 'hasOwnProperty'];
const textless = { toString: 'data' };

describe('words of an upstream that every object knows', () => {
  it.each(inherited)('%s is no error type', (word) => {
    expect(readBedrockError({ status: 500, type: word, body: {} }).code).toBe('upstream_error');
    expect(readGeminiError(500, { error: { code: 500, status: word, message: 'no' } }).code).toBe('upstream_error');
  });

  it.each(inherited)('%s is no finish reason', (word) => {
    const message = { role: 'assistant', content: 'Hello' };
    const completion = openAIChatOutbound.decodeCompletion({ choices: [{ index: 0, message, finish_reason: word }] });
    expect(completion).toMatchObject({ finish: { reason: 'other', rawReason: word } });
  });
});

describe('objects where text belongs', () => {
  it('do not stop the reader of Converse answers', () => {
    const content = [{ toolUse: { toolUseId: textless, name: textless, input: {} } }] as const;
    const body: JsonObject = { output: { message: { role: 'assistant', content } }, stopReason: 'tool_use' };
    expect(bedrockConverseOutbound.decodeCompletion(body)).toMatchObject({ finish: { reason: 'tool-calls' } });
  });

  it('do not stop the reader of Gemini answers and errors', () => {
    const body: JsonObject = {
      createTime: textless,
      candidates: [{ content: { parts: [{ text: 'Hello' }] }, finishReason: 'STOP' }],
    };
    expect(Fault.is(geminiOutbound.decodeCompletion(body))).toBe(false);
    const details = [{ '@type': textless, reason: textless, violations: [{ quotaValue: textless }] }];
    expect(readGeminiError(400, { error: { code: 400, status: 'INVALID_ARGUMENT', details } }).code).toBe(
      'upstream_rejected',
    );
  });

  it('do not stop the reader of Responses requests', () => {
    const body: JsonObject = {
      model: 'm',
      input: [{ type: textless }],
      tools: [{ type: 'namespace', tools: [textless] }],
    };
    const head = openAIResponsesInbound.readHead(body, { operation: 'generate' });
    if (Fault.is(head)) throw head;
    expect(() => openAIResponsesInbound.parseCall(body, head)).not.toThrow();
  });
});

describe('deltas in a block of another kind', () => {
  it('are a malformed Messages stream, not text in the wrong place', () => {
    const decoder = anthropicMessagesOutbound.openDecoder();
    const events = [
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'hm' } },
    ];
    const text = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');
    const parts = decoder.push(Buffer.from(text)).flatMap((frame) => frame.parts);
    expect(parts.at(-1)).toMatchObject({ type: 'error', fault: { code: 'upstream_malformed' } });
    expect(parts.some((part) => part.type === 'reasoning-delta')).toBe(false);
  });

  it('open a block of their own in a Responses stream', () => {
    const decoder = openAIResponsesOutbound.openDecoder();
    const place = { item_id: 'msg_1', output_index: 0, content_index: 0 };
    const events = [
      { type: 'response.refusal.delta', ...place, delta: 'No' },
      { type: 'response.output_text.delta', ...place, delta: 'Hello' },
      { type: 'response.output_text.done', ...place, text: 'Hello' },
    ];
    const text = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');
    const types = decoder.push(Buffer.from(text)).flatMap((frame) => frame.parts.map(({ type }) => type));
    expect(types).toEqual(['start', 'refusal-delta', 'text-start', 'text-delta', 'text-end']);
  });

  it('do not turn reasoning into arguments of a call in a Responses stream', () => {
    const decoder = openAIResponsesOutbound.openDecoder();
    const item = { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'weather', arguments: '{}' };
    const events = [
      { type: 'response.reasoning_summary_text.delta', output_index: 0, summary_index: 0, delta: 'hm' },
      { type: 'response.function_call_arguments.delta', output_index: 0, delta: '{' },
      { type: 'response.output_item.done', output_index: 0, item },
    ];
    const text = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');
    const types = decoder.push(Buffer.from(text)).flatMap((frame) => frame.parts.map(({ type }) => type));
    const call = ['tool-call-start', 'tool-call-delta', 'tool-call-end'];
    expect(types).toEqual(['start', 'reasoning-start', 'reasoning-delta', 'reasoning-end', ...call]);
  });
});
