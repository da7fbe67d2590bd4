import { describe, expect, it } from 'vitest';
import { stringifyExact } from '../shared/exact-json.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { ContentPart, JsonObject, Message, ModelCall } from '../../domain/calls/model-call.ts';
import { type EncodedCall, type EncodeOptions, schemaToolName } from '../contract.ts';
import { anthropicMessagesOutbound } from './outbound.ts';

const options: EncodeOptions = {
  upstreamModel: 'claude-sonnet-4-5',
  requiredMaxOutputTokens: 8192,
  assistantPrefill: true,
  nativeJsonSchema: true,
};

const hi: Message = { role: 'user', content: [{ type: 'text', text: 'Hi' }] };

const callOf = (fields: Partial<ModelCall>): ModelCall => ({
  dialect: 'openai-chat',
  model: 'm',
  stream: false,
  messages: [hi],
  tools: [],
  sampling: {},
  maxOutputTokens: 4096,
  pointers: {},
  rest: {},
  ...fields,
});

function encode(fields: Partial<ModelCall>, changed: Partial<EncodeOptions> = {}): EncodedCall {
  const encoded = anthropicMessagesOutbound.encodeCall(callOf(fields), { ...options, ...changed });
  if (Fault.is(encoded)) throw encoded;
  return encoded;
}

function faultOf(fields: Partial<ModelCall>, changed: Partial<EncodeOptions> = {}): Fault {
  const encoded = anthropicMessagesOutbound.encodeCall(callOf(fields), { ...options, ...changed });
  if (!Fault.is(encoded)) throw new Error('expected a fault');
  return encoded;
}

const userTurn = (...content: ContentPart[]): Partial<ModelCall> => ({ messages: [{ role: 'user', content }] });

describe('a call written as a Messages request', () => {
  it('adds nothing but the output limit that the API requires, and says so', () => {
    const { maxOutputTokens: _, ...rest } = callOf({});
    const encoded = anthropicMessagesOutbound.encodeCall(rest, options);
    expect(encoded).toEqual({
      body: {
        model: 'claude-sonnet-4-5',
        max_tokens: 8192,
        messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
      },
      dropped: [],
      added: ['/max_tokens'],
    });
  });

  it('puts system and developer messages into the system prompt, in order', () => {
    const text = (value: string): ContentPart => ({ type: 'text', text: value });
    const { body } = encode({
      messages: [
        { role: 'system', content: [{ type: 'text', text: 'One', cache: { ttl: '1h' } }] },
        hi,
        { role: 'developer', content: [text('Two')] },
      ],
    });
    expect(body['system']).toEqual([
      { type: 'text', text: 'One', cache_control: { type: 'ephemeral', ttl: '1h' } },
      { type: 'text', text: 'Two' },
    ]);
    expect(encode({ messages: [{ role: 'system', content: [text('One')] }, hi] }).body['system']).toBe('One');
  });

  it('merges turns of one role and puts tool results first', () => {
    const { body } = encode({
      messages: [
        hi,
        { role: 'assistant', content: [{ type: 'tool-call', id: 'call.1', name: 'f', arguments: '{"x":1}' }] },
        { role: 'assistant', content: [{ type: 'tool-call', id: 'call_1', name: 'g', arguments: '"null"' }] },
        { role: 'user', content: [{ type: 'text', text: 'wait' }] },
        {
          role: 'tool',
          content: [{ type: 'tool-result', toolCallId: 'call_1', content: [{ type: 'text', text: 'b' }] }],
        },
        { role: 'tool', content: [{ type: 'tool-result', toolCallId: 'call.1', content: [], isError: true }] },
      ],
    });
    expect(body['messages']).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
      {
        role: 'assistant',
        content: [
          { type: 'tool_use', id: 'call_1', name: 'f', input: { x: 1 } },
          { type: 'tool_use', id: 'call_1_2', name: 'g', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'call_1_2', content: 'b' },
          { type: 'tool_result', tool_use_id: 'call_1', is_error: true },
          { type: 'text', text: 'wait' },
        ],
      },
    ]);
  });

  it('writes images and documents from address, bytes and data: address', () => {
    const { body } = encode(
      userTurn(
        { type: 'image', source: { kind: 'url', url: 'https://a.test/i.png' }, detail: 'auto' },
        { type: 'image', source: { kind: 'url', url: 'data:image/png;base64,aGk=' } },
        { type: 'document', source: { kind: 'base64', mediaType: 'application/pdf', data: 'JVBERg==' }, title: 'T' },
        { type: 'document', source: { kind: 'base64', mediaType: 'text/plain', data: 'aGk=' } },
      ),
    );
    expect(body['messages']).toEqual([
      {
        role: 'user',
        content: [
          { type: 'image', source: { type: 'url', url: 'https://a.test/i.png' } },
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'aGk=' } },
          { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERg==' }, title: 'T' },
          { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'hi' } },
        ],
      },
    ]);
  });

  it.each<[string, Partial<ModelCall>, string]>([
    [
      'audio',
      userTurn({ type: 'audio', source: { kind: 'url', url: 'x' }, at: '/messages/0/content/0' }),
      '/messages/0/content/0',
    ],
    ['several answers', { sampling: { candidates: 2 }, pointers: { 'sampling.candidates': '/n' } }, '/n'],
    ['spoken answers', { modalities: ['text', 'audio'], pointers: { modalities: '/modalities' } }, '/modalities'],
    [
      'foreign server tools',
      { tools: [{ type: 'opaque', dialect: 'openai-responses', value: {}, at: '/tools/0' }] },
      '/tools/0',
    ],
    ['foreign files', userTurn({ type: 'image', source: { kind: 'file', fileId: 'f' }, at: '/m' }), '/m'],
    [
      'odd images',
      userTurn({ type: 'image', source: { kind: 'base64', mediaType: 'image/tiff', data: '' }, at: '/m' }),
      '/m',
    ],
    ['no message but system', { messages: [{ role: 'system', content: [{ type: 'text', text: 's' }] }] }, '/messages'],
  ])('[scenario 4] refuses what would change the meaning: %s', (_name, fields, param) => {
    expect(faultOf(fields)).toMatchObject({ code: 'unsupported_feature', param });
  });

  it('[scenario 4] names what it leaves out, by the pointers of the client', () => {
    const { body, dropped } = encode({
      sampling: {
        temperature: 1.5,
        topP: 0.9,
        topK: 4,
        seed: 7,
        frequencyPenalty: 0,
        presencePenalty: 0.5,
        stop: ['\n', 'END'],
      },
      verbosity: 'low',
      serviceTier: 'flex',
      pointers: {
        'sampling.temperature': '/temperature',
        'sampling.seed': '/seed',
        'sampling.frequencyPenalty': '/frequency_penalty',
        'sampling.presencePenalty': '/presence_penalty',
        'sampling.stop': '/stop',
        verbosity: '/verbosity',
        serviceTier: '/service_tier',
      },
      rest: { '/prediction': {} },
    });
    expect(body).toMatchObject({ top_p: 0.9, top_k: 4, stop_sequences: ['END'] });
    expect(body).not.toHaveProperty('temperature');
    expect([...dropped].toSorted()).toEqual([
      '/prediction',
      '/presence_penalty',
      '/seed',
      '/service_tier',
      '/stop',
      '/temperature',
      '/verbosity',
    ]);
  });

  it('leaves sampling out for models that refuse it', () => {
    const { body, dropped } = encode(
      { sampling: { temperature: 0.2 }, pointers: { 'sampling.temperature': '/temperature' } },
      { upstreamModel: 'claude-opus-4-8' },
    );
    expect(body).not.toHaveProperty('temperature');
    expect(dropped).toEqual(['/temperature']);
  });

  it('trims the end of an assistant prefix, and refuses it where none is accepted', () => {
    const prefix: Message = { role: 'assistant', content: [{ type: 'text', text: 'The answer is \n ' }] };
    const { body } = encode({ messages: [hi, prefix] });
    expect(body['messages']).toMatchObject([{}, { role: 'assistant', content: [{ text: 'The answer is' }] }]);
    const fault = faultOf({ messages: [hi, prefix] }, { assistantPrefill: false });
    expect(fault).toMatchObject({ code: 'unsupported_feature', param: '/messages' });
    const blank: Message = { role: 'assistant', content: [{ type: 'text', text: ' ' }] };
    expect(encode({ messages: [hi, blank] }).body['messages']).toHaveLength(1);
  });

  it('gives a client of this dialect its unknown fields and words back', () => {
    const { body, dropped } = encode({
      dialect: 'anthropic-messages',
      metadata: { team: 'x' },
      endUser: 'u1',
      sampling: { temperature: 1.5 },
      rest: { '/container': 'c1', '/output_config/task_budget': { total: 5 }, '/messages/0/content/0/citations': [] },
    });
    expect(body).toMatchObject({
      container: 'c1',
      output_config: { task_budget: { total: 5 } },
      metadata: { team: 'x', user_id: 'u1' },
      temperature: 1.5,
    });
    expect(dropped).toEqual(['/messages/0/content/0/citations']);
  });
});

describe('tools in a Messages request', () => {
  const tools: ModelCall['tools'] = [
    {
      type: 'function',
      name: 'f',
      description: 'd',
      parameters: { type: 'object', properties: {} },
      cache: { ttl: '5m' },
    },
    { type: 'function', name: 'g' },
  ];

  it('writes schemas and cache marks', () => {
    expect(encode({ tools }).body['tools']).toEqual([
      {
        name: 'f',
        description: 'd',
        input_schema: { type: 'object', properties: {} },
        cache_control: { type: 'ephemeral' },
      },
      { name: 'g', input_schema: { type: 'object', properties: {} } },
    ]);
  });

  it.each<[Partial<ModelCall>, JsonObject | undefined]>([
    [{}, undefined],
    [{ parallelToolCalls: false }, { type: 'auto', disable_parallel_tool_use: true }],
    [{ toolChoice: { type: 'none' } }, { type: 'none' }],
    [
      { toolChoice: { type: 'required' }, parallelToolCalls: false },
      { type: 'any', disable_parallel_tool_use: true },
    ],
    [{ toolChoice: { type: 'tool', name: 'g' } }, { type: 'tool', name: 'g' }],
  ])('writes the choice %j', (fields, choice) => {
    expect(encode({ tools, ...fields }).body['tool_choice']).toEqual(choice);
  });

  it('offers only the tools that are allowed', () => {
    const { body } = encode({ tools, toolChoice: { type: 'allowed', mode: 'required', names: ['g'] } });
    expect(body).toMatchObject({ tools: [{ name: 'g' }], tool_choice: { type: 'any' } });
  });

  it('refuses to force a call on models that cannot be forced', () => {
    const forced = { tools, toolChoice: { type: 'required' }, pointers: { toolChoice: '/tool_choice' } } as const;
    expect(faultOf(forced, { upstreamModel: 'claude-opus-5-5' })).toMatchObject({ param: '/tool_choice' });
  });

  it('[scenario 6] keeps the digits of integers in arguments, which travel as an object', () => {
    const big: ContentPart = {
      type: 'tool-call',
      id: 't',
      name: 'f',
      arguments: '{"id":9007199254740993}',
      at: '/messages/1',
    };
    const { body, dropped } = encode({ messages: [hi, { role: 'assistant', content: [big] }, hi] });
    expect(dropped).toEqual([]);
    expect(stringifyExact(body)).toContain('{"id":9007199254740993}');
  });
});

describe('structured output in a Messages request', () => {
  const schema = {
    type: 'object',
    properties: { a: { type: 'string' } },
    required: ['a'],
    additionalProperties: false,
  };
  const responseFormat = { type: 'json-schema', schema } as const;

  it('is native where the endpoint and the schema allow it', () => {
    const encoded = encode({ responseFormat });
    expect(encoded.body['output_config']).toEqual({ format: { type: 'json_schema', schema } });
    expect(encoded.emulatesSchema).toBeUndefined();
  });

  it('[scenario 54] is a forced tool elsewhere', () => {
    const encoded = encode({ responseFormat }, { nativeJsonSchema: false });
    expect(encoded.emulatesSchema).toBe(true);
    expect(encoded.body).toMatchObject({
      tools: [{ name: schemaToolName, input_schema: schema }],
      tool_choice: { type: 'tool', name: schemaToolName },
    });
    expect(encoded.body).not.toHaveProperty('output_config');
  });

  it('[scenario 54] is a tool for a schema that native output would refuse, and for free JSON', () => {
    const open = { type: 'object', properties: { n: { type: 'number', minimum: 0 } } };
    expect(encode({ responseFormat: { type: 'json-schema', schema: open } }).emulatesSchema).toBe(true);
    expect(encode({ responseFormat: { type: 'json' } })).toMatchObject({
      emulatesSchema: true,
      body: { tools: [{ input_schema: { type: 'object' } }] },
    });
  });

  it('leaves the client its own tools beside the answering one', () => {
    const tools: ModelCall['tools'] = [{ type: 'function', name: 'f' }];
    const { body } = encode({ responseFormat, tools }, { nativeJsonSchema: false });
    expect(body).toMatchObject({ tools: [{ name: 'f' }, { name: schemaToolName }], tool_choice: { type: 'any' } });
  });

  it('refuses a schema of something else than an object', () => {
    const list = { type: 'json-schema', schema: { type: 'array' } } as const;
    const fields = { responseFormat: list, pointers: { responseFormat: '/response_format' } };
    expect(faultOf(fields, { nativeJsonSchema: false })).toMatchObject({ param: '/response_format' });
  });
});
