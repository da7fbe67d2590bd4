import { describe, expect, it } from 'vitest';
import { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject, ModelCall } from '../../domain/calls/model-call.ts';
import { type EncodedCall, type EncodeOptions, schemaToolName } from '../contract.ts';
import { openAIResponsesInbound as inbound, openAIResponsesOutbound as outbound } from './index.ts';

const options: EncodeOptions = {
  upstreamModel: 'gpt-up',
  requiredMaxOutputTokens: 100,
  assistantPrefill: false,
  nativeJsonSchema: true,
};

function callOf(fields: Partial<ModelCall>): ModelCall {
  return {
    dialect: 'openai-chat',
    model: 'm',
    stream: false,
    messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi', at: '/messages/0/content' }] }],
    tools: [],
    sampling: {},
    pointers: {},
    rest: {},
    ...fields,
  };
}

function encode(fields: Partial<ModelCall>, changed: Partial<EncodeOptions> = {}): EncodedCall {
  const encoded = outbound.encodeCall(callOf(fields), { ...options, ...changed });
  if (Fault.is(encoded)) throw encoded;
  return encoded;
}

function faultOf(fields: Partial<ModelCall>, changed: Partial<EncodeOptions> = {}): unknown {
  return outbound.encodeCall(callOf(fields), { ...options, ...changed });
}

describe('encodeCall', () => {
  it('adds nothing to a plain call', () => {
    expect(encode({})).toEqual({
      body: {
        model: 'gpt-up',
        input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hi' }] }],
      },
      dropped: [],
      added: [],
    });
  });

  it('takes turns apart into items, arguments to the digit [scenario 6]', () => {
    const { body, dropped } = encode({
      messages: [
        { role: 'system', content: [{ type: 'text', text: 's' }] },
        {
          role: 'assistant',
          content: [
            { type: 'reasoning', text: 'hm', encrypted: 'gAAA', id: 'rs_1', provenance: 'openai-responses' },
            { type: 'reasoning', text: 'hm', signature: 'sig', provenance: 'anthropic-messages', at: '/messages/1/x' },
            { type: 'text', text: 'a' },
            { type: 'tool-call', id: 'c', name: 'f', arguments: '{"n":9007199254740993}' },
            { type: 'refusal', text: 'no' },
          ],
        },
        { role: 'tool', content: [{ type: 'tool-result', toolCallId: 'c', content: [{ type: 'text', text: 'r' }] }] },
      ],
    });
    expect(body['input']).toEqual([
      { type: 'message', role: 'system', content: [{ type: 'input_text', text: 's' }] },
      { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'hm' }], encrypted_content: 'gAAA' },
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'a', annotations: [] }] },
      { type: 'function_call', call_id: 'c', name: 'f', arguments: '{"n":9007199254740993}' },
      { type: 'message', role: 'assistant', content: [{ type: 'refusal', refusal: 'no' }] },
      { type: 'function_call_output', call_id: 'c', output: 'r' },
    ]);
    expect(dropped).toEqual(['/messages/1/x']);
  });

  it('sends images, documents and tool results with images', () => {
    const image = { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'AA' }, at: '/i' } as const;
    const { body, added } = encode({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'tool-result', toolCallId: 'c', content: [{ type: 'text', text: 'see' }, image] },
            { ...image, detail: 'high' },
            { type: 'document', source: { kind: 'base64', mediaType: 'application/pdf', data: 'BB' }, at: '/d' },
          ],
        },
      ],
    });
    expect(body['input']).toEqual([
      {
        type: 'function_call_output',
        call_id: 'c',
        output: [
          { type: 'input_text', text: 'see' },
          { type: 'input_image', image_url: 'data:image/png;base64,AA' },
        ],
      },
      {
        type: 'message',
        role: 'user',
        content: [
          { type: 'input_image', image_url: 'data:image/png;base64,AA', detail: 'high' },
          { type: 'input_file', filename: 'document.pdf', file_data: 'data:application/pdf;base64,BB' },
        ],
      },
    ]);
    expect(added).toEqual(['/d/filename']);
  });

  it('keeps a function as lenient as the client meant it and says so', () => {
    const { body, added } = encode({ tools: [{ type: 'function', name: 'f', parameters: { type: 'object' } }] });
    expect(body['tools']).toEqual([{ type: 'function', name: 'f', parameters: { type: 'object' }, strict: false }]);
    expect(added).toEqual(['/tools/0/strict']);
  });

  it('writes structured output, reasoning and settings in the words of the dialect', () => {
    const { body } = encode({
      responseFormat: { type: 'json-schema', name: 'n', schema: { type: 'object' }, strict: true },
      reasoning: { effort: 'low', summary: 'auto' },
      verbosity: 'high',
      toolChoice: { type: 'allowed', mode: 'auto', names: ['f'] },
      maxOutputTokens: 7,
      endUser: 'u',
      serviceTier: 'flex',
      stream: true,
      rest: { '/store': true, '/safety_identifier': 's' },
    });
    expect(body).toMatchObject({
      text: { format: { type: 'json_schema', name: 'n', schema: { type: 'object' }, strict: true }, verbosity: 'high' },
      reasoning: { effort: 'low', summary: 'auto' },
      tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'f' }] },
      max_output_tokens: 7,
      user: 'u',
      service_tier: 'flex',
      stream: true,
      store: true,
      safety_identifier: 's',
    });
  });

  it('names what it leaves out by the client’s own pointers [scenario 4]', () => {
    const { dropped } = encode({
      sampling: { topK: 3, seed: 1, stop: ['x'] },
      reasoning: { enabled: true },
      messages: [
        {
          role: 'user',
          name: 'ann',
          content: [{ type: 'text', text: 'a', cache: { ttl: '5m' }, at: '/messages/0/content/0' }],
        },
      ],
      pointers: {
        'sampling.topK': '/top_k',
        'sampling.seed': '/seed',
        'sampling.stop': '/stop',
        'reasoning.enabled': '/thinking/type',
      },
      rest: { '/prediction': {} },
    });
    expect(dropped.toSorted()).toEqual([
      '/messages/0/content/0/cache_control',
      '/messages/0/name',
      '/prediction',
      '/seed',
      '/stop',
      '/thinking/type',
      '/top_k',
    ]);
  });

  it.each([
    [{ effort: 'minimal', budgetTokens: 9 }, { effort: 'minimal' }],
    [
      { enabled: true, budgetTokens: 2000, summary: 'auto' },
      { effort: 'low', summary: 'auto' },
    ],
    [{ budgetTokens: 10_000 }, { effort: 'medium' }],
    [{ budgetTokens: 50_000 }, { effort: 'high' }],
    [{ budgetTokens: 0 }, { effort: 'none' }],
    [{ enabled: false }, undefined],
  ])('asks for reasoning %j by effort', (reasoning, wanted) => {
    expect(encode({ reasoning }).body['reasoning']).toEqual(wanted);
  });

  it('refuses what would change the meaning [scenario 4]', () => {
    const several = { sampling: { candidates: 2 }, pointers: { 'sampling.candidates': '/n' } };
    expect(faultOf(several)).toMatchObject({ code: 'unsupported_feature', param: '/n' });
    const foreign = { tools: [{ type: 'opaque', dialect: 'gemini', value: {}, at: '/tools/0' }] } as const;
    expect(faultOf(foreign)).toMatchObject({ code: 'unsupported_feature', param: '/tools/0' });
    expect(faultOf({ modalities: ['text', 'audio'] })).toMatchObject({ code: 'unsupported_feature' });
    const video = { type: 'video', source: { kind: 'url', url: 'x' }, at: '/v' } as const;
    expect(faultOf({ messages: [{ role: 'user', content: [video] }] })).toMatchObject({ param: '/v' });
  });
});

describe('structured output on a host without it [scenario 54]', () => {
  const schema = { type: 'object', properties: { a: { type: 'string' } } };
  const responseFormat = { type: 'json-schema', schema } as const;
  const tools = [{ type: 'function', name: 'f', parameters: { type: 'object' }, strict: true }] as const;
  const host = { nativeJsonSchema: false };

  it('is asked for as a forced tool', () => {
    const { body, emulatesSchema } = encode({ responseFormat }, host);
    expect(emulatesSchema).toBe(true);
    expect(body).not.toHaveProperty('text');
    expect(body).toMatchObject({
      tools: [{ name: schemaToolName, parameters: schema }],
      tool_choice: { type: 'function', name: schemaToolName },
    });
  });

  it('stands beside the client’s own tools', () => {
    const { body } = encode({ responseFormat, tools }, host);
    expect(body).toMatchObject({ tools: [{ name: 'f' }, { name: schemaToolName }], tool_choice: 'required' });
  });

  it('waits while one of the client’s tools must be called', () => {
    const pointers = { responseFormat: '/response_format' };
    const encoded = encode({ responseFormat, tools, toolChoice: { type: 'tool', name: 'f' }, pointers }, host);
    expect(encoded.body).toMatchObject({ tools: [{ name: 'f' }], tool_choice: { type: 'function', name: 'f' } });
    expect(encoded).toMatchObject({ dropped: ['/response_format'] });
  });

  it('cannot be anything but an object', () => {
    const list = { responseFormat: { type: 'json-schema', schema: { type: 'array' } } } as const;
    expect(faultOf(list, host)).toMatchObject({ code: 'unsupported_feature' });
  });
});

describe('a request of the same dialect, parsed and encoded', () => {
  const body: JsonObject = {
    model: 'gpt-up',
    instructions: 'be brief',
    conversation: 'conv_1',
    input: [
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'a' }] },
      { type: 'web_search_call', id: 'ws_1', status: 'completed' },
      { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' },
      { type: 'function_call_output', call_id: 'c', output: 'r' },
      { type: 'item_reference', id: 'msg_1' },
    ],
    tools: [{ type: 'function', name: 'f', parameters: { type: 'object' } }, { type: 'web_search' }],
    tool_choice: { type: 'web_search' },
    reasoning: { effort: 'low', mode: 'pro' },
    text: { format: { type: 'json_object' }, verbosity: 'low', new_knob: 1 },
    include: ['x'],
    store: false,
    top_logprobs: 2,
    safety_identifier: 's',
    service_tier: 'priority',
    metadata: { a: 'b' },
    brand_new: [1],
    stream: true,
  };

  it('comes out as it went in [scenario 5]', () => {
    const head = inbound.readHead(body, { operation: 'generate' });
    if (Fault.is(head)) throw head;
    const call = inbound.parseCall(body, head);
    if (Fault.is(call)) throw call;
    expect(outbound.encodeCall(call, options)).toEqual({ body, dropped: [], added: [] });
  });
});
