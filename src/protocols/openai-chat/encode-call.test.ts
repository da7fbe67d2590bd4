import { describe, expect, it } from 'vitest';
import { Fault } from '../../domain/faults/fault.ts';
import type { ContentPart, JsonObject, ModelCall } from '../../domain/calls/model-call.ts';
import { type EncodedCall, schemaToolName } from '../contract.ts';
import { encodeCall } from './encode-call.ts';
import { openAIChatInbound } from './inbound.ts';

const options = { upstreamModel: 'up', requiredMaxOutputTokens: 8, assistantPrefill: false, nativeJsonSchema: true };
const hello = { role: 'user', content: [{ type: 'text', text: 'hello' }] } as const;

function callWith(fields: Partial<ModelCall>): ModelCall {
  return {
    dialect: 'anthropic-messages',
    model: 'm',
    stream: false,
    messages: [hello],
    tools: [],
    sampling: {},
    pointers: {},
    rest: {},
    ...fields,
  };
}

function encode(fields: Partial<ModelCall>, overrides: Partial<typeof options> = {}): EncodedCall {
  const encoded = encodeCall(callWith(fields), { ...options, ...overrides });
  if (Fault.is(encoded)) throw encoded;
  return encoded;
}

function messagesOf(messages: ModelCall['messages'], dialect = 'anthropic-messages'): unknown {
  return encode({ messages, dialect }).body['messages'];
}

const tool = { type: 'function', name: 'f', parameters: { type: 'object' } } as const;

describe('encodeCall', () => {
  it('adds nothing to a bare request but the usage tail of a stream', () => {
    expect(encode({})).toMatchObject({
      body: { model: 'up', messages: [{ role: 'user', content: 'hello' }] },
      dropped: [],
      added: [],
    });
    expect(Object.keys(encode({}).body)).toEqual(['model', 'messages']);
    expect(encode({ stream: true }).body).toMatchObject({ stream: true, stream_options: { include_usage: true } });
  });

  it('gives back every field of a request of its own dialect', () => {
    const body: JsonObject = {
      model: 'up',
      messages: [
        { role: 'developer', content: 'be kind', name: 'boss' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'a' },
            { type: 'image_url', image_url: { url: 'https://x/y', detail: 'low' } },
          ],
        },
        {
          role: 'assistant',
          content: null,
          reasoning_content: 'hm',
          tool_calls: [
            { id: 'a', type: 'function', function: { name: 'f', arguments: '{"n":9007199254740993}' } },
            { id: 'b', type: 'custom', custom: { name: 'c', input: 'x' } },
          ],
        },
        { role: 'tool', tool_call_id: 'a', content: '5' },
        { role: 'user', content: 'go on', extra: 1 },
      ],
      tools: [
        { type: 'function', function: { name: 'f', parameters: { type: 'object' }, strict: true } },
        { type: 'custom', custom: { name: 'c' } },
      ],
      tool_choice: { type: 'function', function: { name: 'f' } },
      temperature: 0,
      top_k: 5,
      max_tokens: 9,
      safety_identifier: 'who',
      response_format: { type: 'json_schema', json_schema: { name: 'n', schema: { type: 'object' }, strict: true } },
      prediction: { type: 'content', content: 'x' },
      web_search_options: {},
      metadata: { a: 'b' },
    };
    const head = openAIChatInbound.readHead(body, { operation: 'generate' });
    if (Fault.is(head)) throw head;
    const call = openAIChatInbound.parseCall(body, head);
    if (Fault.is(call)) throw call;
    expect(encodeCall(call, options)).toMatchObject({ body, dropped: [], added: [] });
  });

  it('[scenario 4] names harmless fields it cannot carry, by their place in the client’s request', () => {
    const { dropped, body } = encode({
      sampling: { topK: 5, temperature: 1 },
      metadata: { user: 'x' },
      serviceTier: 'standard_only',
      pointers: { 'sampling.topK': '/top_k', metadata: '/metadata', serviceTier: '/service_tier' },
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'a', cache: { ttl: '5m' }, at: '/messages/0/content/0' }] },
      ],
      rest: { '/container': 'c' },
    });
    expect(dropped.toSorted()).toEqual([
      '/container',
      '/messages/0/content/0/cache_control',
      '/metadata',
      '/service_tier',
      '/top_k',
    ]);
    expect(body).toEqual({ model: 'up', messages: [{ role: 'user', content: 'a' }], temperature: 1 });
  });

  it.each<[string, Partial<ModelCall>, string | undefined]>([
    [
      'a tool of another provider',
      { tools: [{ type: 'opaque', dialect: 'gemini', value: {}, at: '/tools/0' }] },
      '/tools/0',
    ],
    [
      'an image by file id',
      { messages: [{ role: 'user', content: [{ type: 'image', source: { kind: 'file', fileId: 'x' }, at: '/p' }] }] },
      '/p',
    ],
    [
      'a document by URL',
      {
        messages: [
          { role: 'user', content: [{ type: 'document', source: { kind: 'url', url: 'https://x' }, at: '/p' }] },
        ],
      },
      '/p',
    ],
    [
      'a part of another dialect',
      { messages: [{ role: 'user', content: [{ type: 'opaque', dialect: 'gemini', value: {}, at: '/p' }] }] },
      '/p',
    ],
    [
      'a prefilled answer',
      { messages: [hello, { role: 'assistant', content: [{ type: 'text', text: '{' }] }] },
      '/messages',
    ],
    [
      'a spoken answer',
      { modalities: ['AUDIO'], pointers: { modalities: '/generationConfig/responseModalities' } },
      '/generationConfig/responseModalities',
    ],
  ])('[scenario 4] refuses %s, which would change the meaning', (_name, fields, param) => {
    expect(encodeCall(callWith(fields), options)).toMatchObject({ code: 'unsupported_feature', param });
  });

  it('names a foreign tool by its kind where it has no name', () => {
    const foreign = {
      type: 'opaque',
      dialect: 'openai-responses',
      value: { type: 'web_search' },
      at: '/tools/0',
    } as const;
    expect(encodeCall(callWith({ tools: [foreign] }), options)).toMatchObject({
      message: 'The tool web_search is run by its own provider and cannot be carried to this endpoint.',
    });
  });

  it('carries a prefilled answer to endpoints that continue it', () => {
    const messages = [hello, { role: 'assistant', content: [{ type: 'text', text: '{' }] }] as const;
    expect(encode({ messages }, { assistantPrefill: true }).body['messages']).toHaveLength(2);
  });
});

describe('tools and the form of the answer', () => {
  it('carries choices in every form', () => {
    const choiceOf = (toolChoice: ModelCall['toolChoice']): unknown =>
      encode({ tools: [tool], toolChoice }).body['tool_choice'];
    expect(choiceOf({ type: 'required' })).toBe('required');
    expect(choiceOf({ type: 'tool', name: 'f' })).toEqual({ type: 'function', function: { name: 'f' } });
    expect(choiceOf({ type: 'allowed', mode: 'auto', names: ['f'] })).toMatchObject({ type: 'allowed_tools' });
    expect(encode({ toolChoice: { type: 'auto' }, parallelToolCalls: false }).body).not.toHaveProperty('tool_choice');
  });

  it('names a schema that has no name, and says so', () => {
    const responseFormat = { type: 'json-schema', schema: { type: 'object' } } as const;
    const { body, added } = encode({ responseFormat });
    expect(body['response_format']).toEqual({
      type: 'json_schema',
      json_schema: { name: 'answer', schema: { type: 'object' } },
    });
    expect(added).toEqual(['/response_format/json_schema/name']);
  });

  it('[scenario 54] emulates a schema by a forced tool where the endpoint has none', () => {
    const responseFormat = { type: 'json-schema', schema: { type: 'object', properties: { a: {} } } } as const;
    const alone = encode({ responseFormat }, { nativeJsonSchema: false });
    expect(alone.emulatesSchema).toBe(true);
    expect(alone.body).toMatchObject({
      tools: [{ function: { name: schemaToolName, parameters: { properties: { a: {} } } } }],
      tool_choice: { function: { name: schemaToolName } },
    });
    expect(alone.body).not.toHaveProperty('response_format');
    expect(encode({ responseFormat, tools: [tool] }, { nativeJsonSchema: false }).body['tool_choice']).toBe('required');
    const list = { type: 'json-schema', schema: { type: 'array' } } as const;
    expect(encodeCall(callWith({ responseFormat: list }), { ...options, nativeJsonSchema: false })).toMatchObject({
      code: 'unsupported_feature',
    });
  });

  it.each([
    [{ effort: 'high' }, 'high', []],
    [{ effort: 'max' }, 'xhigh', []],
    [{ budgetTokens: 1024 }, 'low', []],
    [{ budgetTokens: 32_000 }, 'high', []],
    [{ enabled: false }, undefined, ['/thinking']],
  ])('asks for reasoning %j as effort %s', (reasoning, effort, dropped) => {
    const encoded = encode({ reasoning, pointers: { reasoning: '/thinking' } });
    expect(encoded.body['reasoning_effort']).toBe(effort);
    expect(encoded.dropped).toEqual(dropped);
  });
});

describe('messages', () => {
  it('carries calls and results; pictures of results follow as a user turn', () => {
    const picture: ContentPart = { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'AAAA' } };
    const encoded = messagesOf([
      hello,
      {
        role: 'assistant',
        content: [
          { type: 'tool-call', id: 'a', name: 'f', arguments: '' },
          { type: 'tool-call', id: 'b', name: 'g', arguments: '[1]' },
        ],
      },
      {
        role: 'tool',
        content: [{ type: 'tool-result', toolCallId: 'a', content: [{ type: 'text', text: 'see' }, picture] }],
      },
      {
        role: 'user',
        content: [
          { type: 'tool-result', toolCallId: 'b', content: [] },
          { type: 'text', text: 'go on' },
        ],
      },
    ]);
    expect(encoded).toMatchObject([
      {},
      { role: 'assistant', content: null, tool_calls: [{ id: 'a', function: { arguments: '{}' } }, { id: 'b' }] },
      { role: 'tool', tool_call_id: 'a', content: 'see' },
      { role: 'tool', tool_call_id: 'b', content: '' },
      {
        role: 'user',
        content: [{ type: 'text', text: 'Result of a:' }, { image_url: { url: 'data:image/png;base64,AAAA' } }],
      },
      { role: 'user', content: 'go on' },
    ]);
  });

  it('[scenario 53] strips reasoning and signatures of other dialects, and says so', () => {
    const { body, dropped } = encode({
      dialect: 'gemini',
      messages: [
        hello,
        {
          role: 'assistant',
          content: [
            { type: 'reasoning', text: 'hm', signature: 's', at: '/contents/1/parts/0' },
            { type: 'tool-call', id: 'a', name: 'f', arguments: '{}', signature: 't', at: '/contents/1/parts/1' },
          ],
        },
        { role: 'tool', content: [{ type: 'tool-result', toolCallId: 'a', content: [{ type: 'text', text: '5' }] }] },
      ],
    });
    expect(dropped).toEqual(['/contents/1/parts/1/thoughtSignature', '/contents/1/parts/0']);
    expect(JSON.stringify(body)).not.toMatch(/signature|reasoning/);
  });

  it('carries documents, sound and plain text files', () => {
    const base64 = (mediaType: string, data: string) => ({ kind: 'base64', mediaType, data }) as const;
    const note = Buffer.from('dear').toString('base64');
    expect(
      messagesOf([
        {
          role: 'user',
          content: [
            { type: 'document', source: base64('application/pdf', 'AAAA'), title: 'a.pdf' },
            { type: 'document', source: base64('text/plain', note), title: 'note' },
            { type: 'document', source: { kind: 'file', fileId: 'file-1' } },
            { type: 'audio', source: base64('audio/mpeg', 'AAAA') },
          ],
        },
      ]),
    ).toMatchObject([
      {
        content: [
          { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AAAA' } },
          { type: 'text', text: 'note\n\ndear' },
          { type: 'file', file: { file_id: 'file-1' } },
          { type: 'input_audio', input_audio: { data: 'AAAA', format: 'mp3' } },
        ],
      },
    ]);
  });

  it('carries refusals of earlier turns', () => {
    const refused = { role: 'assistant', content: [{ type: 'refusal', text: 'No.' }] } as const;
    expect(messagesOf([hello, refused, hello])).toMatchObject([
      {},
      { role: 'assistant', content: null, refusal: 'No.' },
      {},
    ]);
  });
});
