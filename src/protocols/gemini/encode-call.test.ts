import { describe, expect, it } from 'vitest';
import { stringifyExact } from '../shared/exact-json.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { ContentPart, JsonObject, Message, ModelCall } from '../../domain/calls/model-call.ts';
import type { EncodeOptions } from '../contract.ts';
import { geminiOutbound } from './outbound.ts';
import { callOf, encode, encodeOptions } from './test-support.ts';

const question: Message = { role: 'user', content: [{ type: 'text', text: 'q' }] };
const weather: Extract<ContentPart, { type: 'tool-call' }> = {
  type: 'tool-call',
  id: 'call_1',
  name: 'weather',
  arguments: '{"place":"Bonn"}',
  at: '/messages/1/tool_calls/0',
};
const sunny: ContentPart = { type: 'tool-result', toolCallId: 'call_1', content: [{ type: 'text', text: 'sunny' }] };
const third = { upstreamModel: 'gemini-3-flash-preview' };

function contentsOf(messages: readonly Message[], options: Partial<EncodeOptions> = {}): unknown {
  return encode(callOf({ messages }), options).body['contents'];
}

function faultOf(fields: Partial<ModelCall>, options: Partial<EncodeOptions> = {}): string | undefined {
  const encoded = geminiOutbound.encodeCall(callOf(fields), encodeOptions(options));
  return Fault.is(encoded) ? `${encoded.code} ${encoded.param}` : undefined;
}

function configOf(fields: Partial<ModelCall>, upstreamModel = 'gemini-2.5-flash'): unknown {
  return encode(callOf(fields), { upstreamModel }).body['generationConfig'];
}

describe('encoding calls for Gemini', () => {
  it('names the function of an answer after the call it answers, and keeps answers a turn of their own', () => {
    const messages: Message[] = [
      { role: 'system', content: [{ type: 'text', text: 's' }] },
      question,
      { role: 'assistant', content: [{ type: 'text', text: 'let me see' }] },
      { role: 'assistant', content: [weather] },
      { role: 'tool', content: [sunny] },
      question,
    ];
    const { body } = encode(callOf({ messages }));
    expect(body['systemInstruction']).toEqual({ parts: [{ text: 's' }] });
    expect(body['contents']).toEqual([
      { role: 'user', parts: [{ text: 'q' }] },
      {
        role: 'model',
        parts: [{ text: 'let me see' }, { functionCall: { name: 'weather', args: { place: 'Bonn' } } }],
      },
      { role: 'user', parts: [{ functionResponse: { name: 'weather', response: { output: 'sunny' } } }] },
      { role: 'user', parts: [{ text: 'q' }] },
    ]);
  });

  it('wraps answers that are no object, errors, and objects with the envelope’s words', () => {
    const responseOf = (text: string, isError = false) => {
      const result: ContentPart = { ...sunny, content: [{ type: 'text', text }], isError } as ContentPart;
      const contents = contentsOf([
        question,
        { role: 'assistant', content: [weather] },
        { role: 'tool', content: [result] },
      ]);
      return (contents as { parts: { functionResponse: JsonObject }[] }[])[2]?.parts[0]?.functionResponse['response'];
    };
    expect(responseOf('{"t":20}')).toEqual({ t: 20 });
    expect(responseOf('{"error":null,"t":20}')).toEqual({ output: '{"error":null,"t":20}' });
    expect(stringifyExact(responseOf('{"n":9007199254740993}'))).toBe('{"n":9007199254740993}');
    expect(responseOf('[1]')).toEqual({ output: '[1]' });
    expect(responseOf('gone', true)).toEqual({ error: 'gone' });
  });

  it('says which answer belongs to no call', () => {
    expect(
      faultOf({ messages: [question, { role: 'tool', content: [{ ...sunny, at: '/messages/1' } as ContentPart] }] }),
    ).toBe('invalid_request /messages/1');
  });

  it('puts images inline or names their address', () => {
    const image = (source: Extract<ContentPart, { type: 'image' }>['source']): ContentPart => ({
      type: 'image',
      source,
      at: '/x',
    });
    const parts = [
      image({ kind: 'base64', mediaType: 'image/png', data: 'AA' }),
      image({ kind: 'url', url: 'data:image/jpeg;base64,BB' }),
      image({ kind: 'url', url: 'https://x.example/cat.webp?size=1' }),
    ];
    expect(contentsOf([{ role: 'user', content: parts }])).toEqual([
      {
        role: 'user',
        parts: [
          { inlineData: { mimeType: 'image/png', data: 'AA' } },
          { inlineData: { mimeType: 'image/jpeg', data: 'BB' } },
          { fileData: { fileUri: 'https://x.example/cat.webp?size=1', mimeType: 'image/webp' } },
        ],
      },
    ]);
    const foreignFile = image({ kind: 'file', fileId: 'file-123' });
    expect(faultOf({ messages: [{ role: 'user', content: [foreignFile] }] })).toBe('unsupported_feature /x');
  });

  it('[scenario 52] restores the signature a call came with, and sends ids only where Gemini knows them', () => {
    const messages: Message[] = [
      question,
      { role: 'assistant', content: [{ ...weather, signature: 'c2ln' }] },
      { role: 'tool', content: [sunny] },
    ];
    expect(contentsOf(messages, third)).toMatchObject([
      {},
      { parts: [{ functionCall: { id: 'call_1', name: 'weather' }, thoughtSignature: 'c2ln' }] },
      { parts: [{ functionResponse: { id: 'call_1', name: 'weather' } }] },
    ]);
  });

  it('[scenario 53] leaves signatures of other providers behind, and says so', () => {
    const reasoning = { type: 'reasoning', text: 'hm', at: '/messages/1/content/0' } as const;
    const encodeWith = (part: ContentPart) =>
      encode(
        callOf({
          dialect: 'anthropic-messages',
          messages: [question, { role: 'assistant', content: [part] }, question],
        }),
      );
    const foreign = encodeWith({ ...reasoning, signature: 'anthropic', provenance: 'anthropic-messages' });
    expect(JSON.stringify(foreign.body)).not.toContain('anthropic');
    expect(foreign.dropped).toEqual(['/messages/1/content/0']);
    const own = encodeWith({ ...reasoning, signature: 'c2ln', provenance: 'gemini' });
    expect(own.body['contents']).toContainEqual({
      role: 'model',
      parts: [{ text: 'hm', thought: true, thoughtSignature: 'c2ln' }],
    });
    expect(encodeWith({ ...reasoning, text: '', redacted: 'x' }).body['contents']).toHaveLength(1);
  });

  it('[scenario 53] stands in for the signature of a running turn that another model began', () => {
    const turn: Message[] = [
      question,
      { role: 'assistant', content: [weather, { ...weather, id: 'call_2' }] },
      { role: 'tool', content: [sunny, { ...sunny, toolCallId: 'call_2' } as ContentPart] },
    ];
    const encoded = encode(callOf({ messages: turn }), third);
    expect(encoded.added).toEqual(['/contents/1/parts/0/thoughtSignature']);
    expect(encode(callOf({ messages: [...turn, question] }), third).added).toEqual([]);
    expect(encode(callOf({ messages: turn })).added).toEqual([]);
  });

  it('keeps media of a tool inside its answer where Gemini can, beside it where not', () => {
    const picture: ContentPart = { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'AA' } };
    const result = { ...sunny, content: [picture] } as ContentPart;
    const messages: Message[] = [
      question,
      { role: 'assistant', content: [weather] },
      { role: 'tool', content: [result] },
    ];
    const partsOf = (options: Partial<EncodeOptions>) =>
      (contentsOf(messages, options) as { parts: unknown[] }[])[2]?.parts;
    const inlineData = { mimeType: 'image/png', data: 'AA' };
    expect(partsOf(third)).toMatchObject([{ functionResponse: { parts: [{ inlineData }] } }]);
    expect(partsOf({})).toMatchObject([{ functionResponse: { name: 'weather' } }, { inlineData }]);
  });

  it('carries every tool choice', () => {
    const modeOf = (toolChoice: ModelCall['toolChoice']) =>
      encode(callOf({ tools: [{ type: 'function', name: 'f' }], ...(toolChoice && { toolChoice }) })).body[
        'toolConfig'
      ];
    const config = (functionCallingConfig: JsonObject) => ({ functionCallingConfig });
    expect(modeOf(undefined)).toBeUndefined();
    expect(modeOf({ type: 'auto' })).toEqual(config({ mode: 'AUTO' }));
    expect(modeOf({ type: 'none' })).toEqual(config({ mode: 'NONE' }));
    expect(modeOf({ type: 'required' })).toEqual(config({ mode: 'ANY' }));
    expect(modeOf({ type: 'tool', name: 'f' })).toEqual(config({ mode: 'ANY', allowedFunctionNames: ['f'] }));
    expect(modeOf({ type: 'allowed', mode: 'auto', names: ['f'] })).toEqual(
      config({ mode: 'VALIDATED', allowedFunctionNames: ['f'] }),
    );
  });

  it('[scenario 54] asks for a schema natively, or by a forced tool', () => {
    const schema = { type: 'object' } as const;
    const responseFormat = { type: 'json-schema', schema } as const;
    expect(configOf({ responseFormat })).toEqual({ responseMimeType: 'application/json', responseJsonSchema: schema });
    const emulated = encode(callOf({ responseFormat }), { nativeJsonSchema: false });
    expect(emulated.emulatesSchema).toBe(true);
    expect(emulated.body).toMatchObject({
      tools: [{ functionDeclarations: [{ name: 'switchyard_answer', parametersJsonSchema: schema }] }],
      toolConfig: { functionCallingConfig: { mode: 'ANY' } },
    });
    const pointers = { responseFormat: '/response_format' };
    const tools = [{ type: 'function', name: 'f' }] as const;
    expect(faultOf({ responseFormat, tools, pointers })).toBe('unsupported_feature /response_format');
    expect(faultOf({ responseFormat, tools, pointers }, third)).toBeUndefined();
  });

  it('says how much to think in the words of the generation', () => {
    const thinking = (reasoning: ModelCall['reasoning'], model?: string) =>
      (configOf({ ...(reasoning && { reasoning }) }, model) as { thinkingConfig?: unknown } | undefined)
        ?.thinkingConfig;
    expect(thinking({ effort: 'low' })).toEqual({ thinkingBudget: 1024 });
    expect(thinking({ effort: 'low', summary: 'auto' }, 'gemini-3-pro')).toEqual({
      thinkingLevel: 'low',
      includeThoughts: true,
    });
    expect(thinking({ effort: 'minimal' }, 'gemini-3-pro')).toEqual({ thinkingLevel: 'low' });
    expect(thinking({ effort: 'none' })).toEqual({ thinkingBudget: 0 });
    expect(thinking({ enabled: true, budgetTokens: 5000 }, 'gemini-3-pro')).toEqual({ thinkingBudget: 5000 });
    const stubborn = encode(
      callOf({ reasoning: { effort: 'none' }, pointers: { 'reasoning.effort': '/reasoning_effort' } }),
      third,
    );
    expect(stubborn.dropped).toEqual(['/reasoning_effort']);
  });

  it('[scenario 4] names what it cannot carry and refuses what would change the meaning', () => {
    const encoded = encode(
      callOf({
        sampling: { topK: 3, logitBias: { 1: 2 }, logprobs: true },
        endUser: 'u',
        metadata: { a: 1 },
        parallelToolCalls: false,
        serviceTier: 'scale',
        pointers: {
          'sampling.topK': '/top_k',
          'sampling.logitBias': '/logit_bias',
          'sampling.logprobs': '/logprobs',
          endUser: '/user',
          metadata: '/metadata',
          parallelToolCalls: '/parallel_tool_calls',
          serviceTier: '/service_tier',
        },
        rest: { '/store': true },
      }),
    );
    expect(encoded.body['generationConfig']).toEqual({ topK: 3 });
    expect(encoded.dropped.toSorted()).toEqual([
      '/logit_bias',
      '/logprobs',
      '/metadata',
      '/parallel_tool_calls',
      '/service_tier',
      '/store',
      '/user',
    ]);
    expect(faultOf({ sampling: { candidates: 2 }, pointers: { 'sampling.candidates': '/n' } })).toBe(
      'unsupported_feature /n',
    );
    const search = { type: 'opaque', dialect: 'openai-responses', value: {}, at: '/tools/0' } as const;
    expect(faultOf({ tools: [search] })).toBe('unsupported_feature /tools/0');
    const prefill: Message = { role: 'assistant', content: [{ type: 'text', text: '{', at: '/messages/1' }] };
    expect(faultOf({ messages: [question, prefill] }, { assistantPrefill: false })).toBe(
      'unsupported_feature /messages/1',
    );
    expect(faultOf({ messages: [question, prefill] })).toBeUndefined();
  });

  it('[scenario 4] leaves out what another provider noted in its own turns, and refuses such content from a user', () => {
    const note = { type: 'opaque', dialect: 'openai-responses', value: {}, at: '/input/1' } as const;
    expect(encode(callOf({ messages: [question, { role: 'assistant', content: [note] }, question] })).dropped).toEqual([
      '/input/1',
    ]);
    expect(faultOf({ messages: [question, { role: 'user', content: [note] }] })).toBe('unsupported_feature /input/1');
  });

  it('[scenario 6] keeps the digits of integers that a double cannot hold', () => {
    const big: Message = { role: 'assistant', content: [{ ...weather, arguments: '{"n":9007199254740993}' }] };
    const { body, dropped } = encode(callOf({ messages: [question, big, question] }));
    expect(dropped).toEqual([]);
    expect(stringifyExact(body)).toContain('{"n":9007199254740993}');
  });
});
