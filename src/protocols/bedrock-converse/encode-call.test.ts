import { describe, expect, it } from 'vitest';
import { Fault } from '../../domain/faults/fault.ts';
import type { ContentPart, JsonObject, Message, ModelCall } from '../../domain/calls/model-call.ts';
import type { EncodeOptions } from '../contract.ts';
import { bedrockConverseOutbound } from './outbound.ts';
import { callOf, encode, encodeOptions } from './test-support.ts';

const question: Message = { role: 'user', content: [{ type: 'text', text: 'q' }] };
const weather: ContentPart = { type: 'tool-call', id: 'call_1', name: 'weather', arguments: '{"place":"Bonn"}' };
const sunny: ContentPart = { type: 'tool-result', toolCallId: 'call_1', content: [{ type: 'text', text: 'sunny' }] };
const nova = { upstreamModel: 'amazon.nova-pro-v1:0' };

function messagesOf(messages: readonly Message[], fields: Partial<ModelCall> = {}): unknown {
  return encode(callOf({ messages, ...fields })).body['messages'];
}

function faultOf(fields: Partial<ModelCall>, options: Partial<EncodeOptions> = {}): string | undefined {
  const encoded = bedrockConverseOutbound.encodeCall(callOf(fields), encodeOptions(options));
  return Fault.is(encoded) ? `${encoded.code} ${encoded.param}` : undefined;
}

function media(part: { [key: string]: unknown }): Message[] {
  return [{ role: 'user', content: [{ at: '/x', ...part } as unknown as ContentPart] }];
}

const base64 = (mediaType: string) => ({ kind: 'base64', mediaType, data: 'AA==' });

describe('encoding calls for Converse', () => {
  it('alternates both sides, with answers of tools on the user’s', () => {
    const messages: Message[] = [
      { role: 'system', content: [{ type: 'text', text: 's', cache: { ttl: '1h' } }] },
      question,
      { role: 'assistant', content: [{ type: 'text', text: '' }, weather] },
      { role: 'tool', content: [{ ...sunny, isError: true } as ContentPart] },
      { role: 'user', content: [{ type: 'text', text: 'and?', cache: { ttl: '5m' } }] },
    ];
    const { body } = encode(callOf({ messages, tools: [{ type: 'function', name: 'weather' }] }));
    expect(body['system']).toEqual([{ text: 's' }, { cachePoint: { type: 'default', ttl: '1h' } }]);
    expect(body['messages']).toEqual([
      { role: 'user', content: [{ text: 'q' }] },
      { role: 'assistant', content: [{ toolUse: { toolUseId: 'call_1', name: 'weather', input: { place: 'Bonn' } } }] },
      {
        role: 'user',
        content: [
          { toolResult: { toolUseId: 'call_1', content: [{ text: 'sunny' }], status: 'error' } },
          { text: 'and?' },
          { cachePoint: { type: 'default' } },
        ],
      },
    ]);
    expect(body['toolConfig']).toEqual({
      tools: [{ toolSpec: { name: 'weather', inputSchema: { json: { type: 'object', properties: {} } } } }],
    });
  });

  it('takes media as bytes or from S3 and refuses addresses', () => {
    const blockOf = (part: { [key: string]: unknown }) =>
      (messagesOf(media(part)) as { content: unknown[] }[])[0]?.content[0];
    expect(blockOf({ type: 'image', source: base64('image/jpg') })).toEqual({
      image: { format: 'jpeg', source: { bytes: 'AA==' } },
    });
    expect(blockOf({ type: 'image', source: { kind: 'url', url: 'data:image/png;base64,BB==' } })).toEqual({
      image: { format: 'png', source: { bytes: 'BB==' } },
    });
    expect(blockOf({ type: 'video', source: { kind: 'url', url: 's3://bucket/a.mp4' } })).toEqual({
      video: { format: 'mp4', source: { s3Location: { uri: 's3://bucket/a.mp4' } } },
    });
    expect(
      faultOf({ messages: media({ type: 'image', source: { kind: 'url', url: 'https://a.example/x.png' } }) }),
    ).toBe('unsupported_feature /x');
    expect(faultOf({ messages: media({ type: 'image', source: base64('image/tiff') }) })).toBe(
      'unsupported_feature /x',
    );
  });

  it('gives documents allowed, different names', () => {
    const document = (title: string, type = 'application/pdf'): ContentPart =>
      ({ type: 'document', title, source: base64(type) }) as ContentPart;
    const parts = [
      document('a_b/ü  c.pdf'),
      document('a b c.pdf'),
      document('a b c.pdf'),
      document('notes.md', 'application/octet-stream'),
    ];
    const [message] = messagesOf([{ role: 'user', content: parts }]) as { content: { document: JsonObject }[] }[];
    expect(message?.content.map(({ document: { format, name } }) => [format, name])).toEqual([
      ['pdf', 'a b c'],
      ['pdf', 'a b c [2]'],
      ['pdf', 'a b c [3]'],
      ['md', 'notes'],
    ]);
  });

  it('makes foreign ids fit, the same one always the same', () => {
    const id = `call:${'x'.repeat(90)}`;
    const messages: Message[] = [
      question,
      { role: 'assistant', content: [{ ...weather, id } as ContentPart] },
      { role: 'tool', content: [{ ...sunny, toolCallId: id } as ContentPart] },
    ];
    const [, assistant, user] = messagesOf(messages) as { content: { [kind: string]: { toolUseId: string } }[] }[];
    const sent = assistant?.content[0]?.['toolUse']?.toolUseId;
    expect(sent).toMatch(/^[\w-]{1,64}$/);
    expect(user?.content[0]?.['toolResult']?.toolUseId).toBe(sent);
  });

  it('[scenario 51] hands Claude its own proofs of reasoning back exactly', () => {
    const reasoning = { type: 'reasoning', text: 'hm', signature: 'ErUB', at: '/r' } as const;
    const encodeWith = (part: ContentPart, options = {}) =>
      encode(
        callOf({ messages: [question, { role: 'assistant', content: [part, { type: 'text', text: 'a' }] }, question] }),
        options,
      );
    const contentOf = (part: ContentPart) =>
      (encodeWith(part).body['messages'] as { content: unknown[] }[])[1]?.content[0];
    expect(contentOf({ ...reasoning, provenance: 'anthropic-messages' })).toEqual({
      reasoningContent: { reasoningText: { text: 'hm', signature: 'ErUB' } },
    });
    expect(contentOf({ type: 'reasoning', text: '', redacted: 'AA', provenance: 'bedrock-converse' })).toEqual({
      reasoningContent: { redactedContent: 'AA' },
    });
  });

  it('[scenario 53] leaves proofs of other providers, and reasoning without proof, behind', () => {
    const encodeWith = (part: ContentPart, options = {}) =>
      encode(
        callOf({ messages: [question, { role: 'assistant', content: [part, { type: 'text', text: 'a' }] }, question] }),
        options,
      );
    const unproven: ContentPart = { type: 'reasoning', text: 'hm', at: '/r' };
    const foreign: ContentPart = { ...unproven, signature: 'sig', provenance: 'gemini' } as ContentPart;
    for (const encoded of [encodeWith(unproven), encodeWith(foreign), encodeWith(foreign, nova)]) {
      expect(JSON.stringify(encoded.body)).not.toContain('reasoningContent');
      expect(encoded.dropped).toEqual(['/r']);
    }
  });

  it('carries tools and every tool choice Converse has', () => {
    const tools: ModelCall['tools'] = [
      { type: 'function', name: 'f', description: 'd', parameters: { type: 'object' }, cache: { ttl: '5m' } },
      { type: 'function', name: 'g' },
    ];
    const configOf = (toolChoice?: ModelCall['toolChoice']) =>
      encode(callOf({ tools, ...(toolChoice && { toolChoice }) })).body['toolConfig'] as JsonObject | undefined;
    expect(configOf()?.['tools']).toEqual([
      { toolSpec: { name: 'f', description: 'd', inputSchema: { json: { type: 'object' } } } },
      { cachePoint: { type: 'default' } },
      { toolSpec: { name: 'g', inputSchema: { json: { type: 'object', properties: {} } } } },
    ]);
    expect(configOf()?.['toolChoice']).toBeUndefined();
    expect(configOf({ type: 'auto' })?.['toolChoice']).toEqual({ auto: {} });
    expect(configOf({ type: 'required' })?.['toolChoice']).toEqual({ any: {} });
    expect(configOf({ type: 'tool', name: 'g' })?.['toolChoice']).toEqual({ tool: { name: 'g' } });
    expect(configOf({ type: 'none' })).toBeUndefined();
    const allowed = configOf({ type: 'allowed', mode: 'required', names: ['g'] });
    expect(allowed).toMatchObject({ tools: [{ toolSpec: { name: 'g' } }], toolChoice: { any: {} } });
  });

  it('declares tools of earlier turns when the client no longer does, since Converse demands it', () => {
    const messages: Message[] = [
      question,
      { role: 'assistant', content: [weather] },
      { role: 'tool', content: [sunny] },
    ];
    const encoded = encode(callOf({ messages }));
    expect(encoded.added).toEqual(['/toolConfig']);
    expect(encoded.body['toolConfig']).toMatchObject({ tools: [{ toolSpec: { name: 'weather' } }] });
    const tools = [{ type: 'function', name: 'weather' }] as const;
    expect(faultOf({ messages, tools, toolChoice: { type: 'none' }, pointers: { toolChoice: '/tool_choice' } })).toBe(
      'unsupported_feature /tool_choice',
    );
  });

  it('[scenario 54] asks for a schema natively, or by a forced tool', () => {
    const schema = { type: 'object', properties: {} } as const;
    const responseFormat = { type: 'json-schema', name: 'n', schema } as const;
    expect(encode(callOf({ responseFormat })).body['outputConfig']).toEqual({
      textFormat: { type: 'json_schema', structure: { jsonSchema: { schema: JSON.stringify(schema), name: 'n' } } },
    });
    const emulated = encode(callOf({ responseFormat }), { nativeJsonSchema: false });
    expect(emulated).toMatchObject({
      emulatesSchema: true,
      body: { toolConfig: { tools: [{ toolSpec: { name: 'switchyard_answer' } }], toolChoice: { any: {} } } },
    });
    const reasoning = { enabled: true, budgetTokens: 2000 };
    expect(faultOf({ responseFormat, reasoning }, { nativeJsonSchema: false })).toMatch('unsupported_feature');
  });

  it('carries limits, sampling and thinking in each maker’s own fields', () => {
    const bodyOf = (fields: Partial<ModelCall>, upstreamModel?: string) =>
      encode(callOf(fields), upstreamModel === undefined ? {} : { upstreamModel }).body;
    expect(bodyOf({ maxOutputTokens: 9, sampling: { temperature: 0.5, stop: ['x'], topK: 4 } })).toMatchObject({
      inferenceConfig: { maxTokens: 9, temperature: 0.5, stopSequences: ['x'] },
      additionalModelRequestFields: { top_k: 4 },
    });
    expect(bodyOf({ sampling: { topK: 4 } }, nova.upstreamModel)['additionalModelRequestFields']).toEqual({
      inferenceConfig: { topK: 4 },
    });
    const thinking = (reasoning: NonNullable<ModelCall['reasoning']>, model?: string, more = {}) =>
      bodyOf({ reasoning, ...more }, model)['additionalModelRequestFields'];
    expect(thinking({ budgetTokens: 3000 })).toEqual({ thinking: { type: 'enabled', budget_tokens: 3000 } });
    expect(thinking({ budgetTokens: 3000 }, undefined, { maxOutputTokens: 2000 })).toEqual({
      thinking: { type: 'enabled', budget_tokens: 1999 },
    });
    expect(thinking({ effort: 'low' }, 'anthropic.claude-opus-4-6-v1')).toEqual({
      thinking: { type: 'adaptive' },
      output_config: { effort: 'low' },
    });
    expect(thinking({ effort: 'minimal' }, 'openai.gpt-oss-120b-1:0')).toEqual({ reasoning_effort: 'low' });
    expect(thinking({ enabled: false })).toBeUndefined();
  });

  it('[scenario 4] names what it cannot carry and refuses what would change the meaning', () => {
    const encoded = encode(
      callOf({
        sampling: { seed: 1, topK: 2, presencePenalty: 0.1 },
        endUser: 'u',
        parallelToolCalls: false,
        serviceTier: 'flex',
        pointers: {
          'sampling.seed': '/seed',
          'sampling.topK': '/top_k',
          'sampling.presencePenalty': '/presence_penalty',
          endUser: '/user',
          parallelToolCalls: '/parallel_tool_calls',
        },
        rest: { '/store': true },
      }),
      { upstreamModel: 'meta.llama3-70b-instruct-v1:0' },
    );
    expect(encoded.dropped.toSorted()).toEqual([
      '/parallel_tool_calls',
      '/presence_penalty',
      '/seed',
      '/store',
      '/top_k',
      '/user',
    ]);
    expect(encoded.body).toEqual({
      messages: [{ role: 'user', content: [{ text: 'hello' }] }],
      serviceTier: { type: 'flex' },
    });
    expect(faultOf({ sampling: { candidates: 3 }, pointers: { 'sampling.candidates': '/n' } })).toBe(
      'unsupported_feature /n',
    );
    expect(faultOf({ modalities: ['audio'], pointers: { modalities: '/modalities' } })).toBe(
      'unsupported_feature /modalities',
    );
    expect(faultOf({ tools: [{ type: 'opaque', dialect: 'gemini', value: {}, at: '/tools/0' }] })).toBe(
      'unsupported_feature /tools/0',
    );
    const note = { type: 'opaque', dialect: 'openai-responses', value: {}, at: '/input/1' } as const;
    expect(faultOf({ messages: [{ role: 'user', content: [note] }] })).toBe('unsupported_feature /input/1');
  });
});
