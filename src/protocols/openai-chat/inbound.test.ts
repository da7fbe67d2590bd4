import { describe, expect, it } from 'vitest';
import { Fault } from '../../domain/faults/fault.ts';
import { faultKinds, type FaultCode } from '../../domain/faults/fault-codes.ts';
import type { Json, JsonObject, ModelCall } from '../../domain/calls/model-call.ts';
import type { RequestHead } from '../contract.ts';
import { openAIChatInbound } from './inbound.ts';

const hello = [{ role: 'user', content: 'hello' }];

function headOf(body: JsonObject): RequestHead {
  const head = openAIChatInbound.readHead(body, { operation: 'generate' });
  if (Fault.is(head)) throw head;
  return head;
}

function callOf(fields: JsonObject): ModelCall | Fault {
  const body = { model: 'm', messages: hello, ...fields };
  return openAIChatInbound.parseCall(body, headOf(body));
}

function contentOf(messages: readonly JsonObject[]): unknown {
  const call = callOf({ messages });
  return Fault.is(call) ? call : call.messages.map(({ content }) => content);
}

describe('head of a chat request', () => {
  it('tells model, stream, usage tail, limits and identities', () => {
    const body = {
      model: 'm',
      messages: hello,
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 7,
      max_completion_tokens: 9,
      safety_identifier: 'someone',
      prompt_cache_key: 'key',
      metadata: { job: 'summaries' },
    };
    expect(headOf(body)).toMatchObject({
      model: 'm',
      stream: true,
      wantsUsage: true,
      maxOutputTokens: 9,
      endUser: 'someone',
      cacheKey: 'key',
      job: 'summaries',
    });
    expect(headOf({ model: 'm', messages: hello })).toMatchObject({ stream: false, wantsUsage: false });
  });

  it.each([
    [{ messages: hello }, '/model'],
    [{ model: 7, messages: hello }, '/model'],
    [{ model: 'm' }, '/messages'],
    [{ model: 'm', messages: [] }, '/messages'],
    [{ model: 'm', messages: hello, stream: 'yes' }, '/stream'],
  ])('names the field at fault in %j', (body, param) => {
    expect(openAIChatInbound.readHead(body, { operation: 'generate' })).toMatchObject({
      code: 'invalid_request',
      param,
    });
  });

  it('knows features, the lasting prefix and an estimate', () => {
    const system = { role: 'system', content: 'be kind' };
    const picture = { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://x/y.png' } }] };
    const tools = [{ type: 'function', function: { name: 'f' } }];
    const head = headOf({ model: 'm', messages: [system, picture], tools, n: 2, reasoning_effort: 'low' });
    expect(head.features()).toEqual({
      tools: true,
      images: true,
      audio: false,
      documents: false,
      jsonSchema: false,
      reasoning: true,
      candidates: 2,
    });
    const grown = headOf({
      model: 'm',
      messages: [system, picture, { role: 'assistant', content: 'x' }, ...hello],
      tools,
    });
    expect(grown.prefix()).toBe(head.prefix());
    expect(grown.estimateInputTokens()).toBeGreaterThan(head.estimateInputTokens());
    expect(headOf({ model: 'm', messages: hello, reasoning_effort: 'none' }).features().reasoning).toBe(false);
  });

  it.each([
    ['embeddings', { model: 'e', input: ['a', 'b'] }],
    ['rerank', { model: 'r', query: 'q', documents: ['a', 'b'] }],
    ['completions', { model: 'c', prompt: 'once upon a time' }],
    ['moderations', { model: 'o', input: 'text' }],
    ['images', { model: 'i', prompt: 'a boat' }],
  ] as const)('tells model and stream of %s', (operation, body) => {
    const head = openAIChatInbound.readHead({ ...body, stream: true }, { operation });
    if (Fault.is(head)) throw head;
    expect(head).toMatchObject({ operation, model: body.model, stream: true });
    expect(head.estimateInputTokens()).toBeGreaterThan(0);
    expect(openAIChatInbound.parseCall(body, head)).toMatchObject({ code: 'unsupported_feature' });
  });

  it.each([
    ['/moderations', {}, { model: 'omni-moderation-latest' }],
    ['/images/generations', {}, { model: 'dall-e-2' }],
    ['/images/generations', { background: 'opaque' }, { model: 'gpt-image-1.5' }],
    ['/images/variations', {}, { model: 'dall-e-2' }],
    ['/images/edits', {}, { model: 'gpt-image-1.5' }],
    ['/embeddings', {}, { code: 'invalid_request', param: '/model' }],
  ] as const)('takes %s with %j and no model for the usual one, if there is one', (path, fields, expected) => {
    expect(openAIChatInbound.readHead({ ...fields }, { operation: 'images', path })).toMatchObject(expected);
  });

  it.each([
    ['sse', true],
    ['audio', false],
  ])('tells by its own field whether speech in the form %s streams events', (form, stream) => {
    const body = { model: 's', input: 'text', voice: 'x', stream_format: form };
    expect(openAIChatInbound.readHead(body, { operation: 'speech' })).toMatchObject({ stream });
  });
});

describe('a chat request', () => {
  it('[scenario 5] keeps fields it has no word for', () => {
    const call = callOf({
      prediction: { type: 'content', content: 'x' },
      'odd/name': 1,
      store: false,
      audio: { voice: 'a' },
    });
    expect(call).toMatchObject({
      rest: {
        '/prediction': { type: 'content', content: 'x' },
        '/odd~1name': 1,
        '/store': false,
        '/audio': { voice: 'a' },
      },
    });
    expect(callOf({ messages: [{ role: 'user', content: 'x', extra: 1 }] })).toMatchObject({
      rest: { '/messages/0/extra': 1 },
    });
  });

  it('accepts every documented parameter', () => {
    const call = callOf({
      frequency_penalty: 0.1,
      logit_bias: { '5': -100 },
      logprobs: true,
      top_logprobs: 3,
      max_completion_tokens: 100,
      metadata: { a: 'b' },
      modalities: ['text', 'audio'],
      n: 2,
      parallel_tool_calls: false,
      presence_penalty: 0.2,
      prompt_cache_key: 'k',
      reasoning_effort: 'high',
      response_format: { type: 'json_schema', json_schema: { name: 'n', schema: { type: 'object' }, strict: true } },
      seed: 4,
      service_tier: 'flex',
      stop: ['a'],
      temperature: 1,
      top_p: 0.5,
      user: 'u',
      verbosity: 'low',
      tools: [
        { type: 'function', function: { name: 'f', description: 'd', parameters: { type: 'object' }, strict: true } },
        { type: 'custom', custom: { name: 'c' } },
      ],
      tool_choice: {
        type: 'allowed_tools',
        allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'f' } }] },
      },
    });
    expect(call).toMatchObject({
      maxOutputTokens: 100,
      modalities: ['text', 'audio'],
      parallelToolCalls: false,
      promptCacheKey: 'k',
      reasoning: { effort: 'high' },
      responseFormat: { type: 'json-schema', name: 'n', strict: true },
      serviceTier: 'flex',
      endUser: 'u',
      verbosity: 'low',
      sampling: {
        frequencyPenalty: 0.1,
        logprobs: true,
        topLogprobs: 3,
        candidates: 2,
        presencePenalty: 0.2,
        seed: 4,
        stop: ['a'],
      },
      tools: [
        { type: 'function', name: 'f', strict: true },
        { type: 'opaque', dialect: 'openai-chat', name: 'c' },
      ],
      toolChoice: { type: 'allowed', mode: 'required', names: ['f'] },
      rest: {},
      pointers: { 'sampling.topP': '/top_p', endUser: '/user', responseFormat: '/response_format' },
    });
  });

  it('accepts tools of the time when they were functions', () => {
    const call = callOf({
      functions: [{ name: 'f', parameters: {} }],
      function_call: { name: 'f' },
      messages: [
        ...hello,
        { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{}' } },
        { role: 'function', name: 'f', content: '5' },
      ],
    });
    expect(call).toMatchObject({
      tools: [{ name: 'f' }],
      toolChoice: { type: 'tool', name: 'f' },
      messages: [
        {},
        { content: [{ type: 'tool-call', id: 'call_1', name: 'f', arguments: '{}' }] },
        { role: 'tool', content: [{ type: 'tool-result', toolCallId: 'call_1', content: [{ text: '5' }] }] },
      ],
    });
  });

  it('accepts every kind of content part', () => {
    const data = 'data:image/png;base64,AAAA';
    const parts: readonly Json[] = [
      { type: 'text', text: 'a', cache_control: { type: 'ephemeral', ttl: '1h' } },
      { type: 'image_url', image_url: { url: data, detail: 'low' } },
      { type: 'image_url', image_url: { url: 'https://x/y.png' } },
      { type: 'input_audio', input_audio: { data: 'AAAA', format: 'mp3' } },
      { type: 'file', file: { file_id: 'file-1' } },
      { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AAAA' } },
      { type: 'from_the_future', x: 1 },
    ];
    expect(contentOf([{ role: 'user', content: parts }])).toMatchObject([
      [
        { type: 'text', cache: { ttl: '1h' }, at: '/messages/0/content/0' },
        { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'AAAA' }, detail: 'low' },
        { type: 'image', source: { kind: 'url', url: 'https://x/y.png' } },
        { type: 'audio', source: { kind: 'base64', mediaType: 'audio/mpeg' }, format: 'mp3' },
        { type: 'document', source: { kind: 'file', fileId: 'file-1' } },
        { type: 'document', title: 'a.pdf', source: { kind: 'base64', mediaType: 'application/pdf' } },
        { type: 'opaque', value: { type: 'from_the_future', x: 1 } },
      ],
    ]);
  });

  it('gives back reasoning with what must not change, and thought signatures of calls', () => {
    const message: JsonObject = {
      role: 'assistant',
      content: 'so',
      reasoning_content: 'hm',
      reasoning_details: [
        { type: 'reasoning.text', text: 'hm', signature: 'sig', index: 0 },
        { type: 'reasoning.encrypted', data: 'blob', format: 'anthropic-claude-v1', index: 1 },
        { type: 'reasoning.encrypted', data: 'crypt', id: 'rs_1', format: 'openai-responses-v1', index: 2 },
      ],
      tool_calls: [
        {
          id: 'a',
          type: 'function',
          function: { name: 'f', arguments: '{}' },
          extra_content: { google: { thought_signature: 't' } },
        },
      ],
    };
    expect(contentOf([message])).toMatchObject([
      [
        { type: 'reasoning', text: 'hm', signature: 'sig' },
        { type: 'reasoning', text: '', redacted: 'blob' },
        { type: 'reasoning', text: '', encrypted: 'crypt', id: 'rs_1' },
        { type: 'text', text: 'so' },
        { type: 'tool-call', id: 'a', signature: 't' },
      ],
    ]);
  });

  it.each([
    [{ temperature: 'warm' }, '/temperature'],
    [{ tools: [{ type: 'function' }] }, '/tools/0/function'],
    [{ tool_choice: 'maybe' }, '/tool_choice'],
    [{ stop: [1] }, '/stop'],
    [{ messages: [{ role: 'wizard', content: 'x' }] }, '/messages/0/role'],
    [{ messages: [{ role: 'user', content: 7 }] }, '/messages/0/content'],
    [{ messages: [{ role: 'user', content: [{ type: 'text' }] }] }, '/messages/0/content/0/text'],
    [{ messages: [{ role: 'tool', content: 'x' }] }, '/messages/0/tool_call_id'],
    [{ messages: ['x'] }, '/messages/0'],
  ])('names the field at fault in %j', (fields, param) => {
    expect(callOf(fields)).toMatchObject({ code: 'invalid_request', param });
  });
});

describe('a fault in this dialect', () => {
  it('has type, code and the name of the parameter', () => {
    const fault = new Fault('invalid_request', { message: 'no', param: '/messages/0/content' });
    expect(openAIChatInbound.encodeFault(fault, 'r')).toEqual({
      error: { message: 'no', type: 'invalid_request_error', param: 'messages[0].content', code: 'invalid_request' },
    });
  });

  it('is complete for every code', () => {
    for (const code of Object.keys(faultKinds) as FaultCode[]) {
      const { error } = openAIChatInbound.encodeFault(new Fault(code), 'r') as { readonly error: JsonObject };
      const told = { code: expect.any(String), param: null, message: expect.any(String), type: expect.any(String) };
      expect(error).toMatchObject(told);
    }
  });

  it.each([
    ['key_invalid', 'invalid_api_key'],
    ['model_unknown', 'model_not_found'],
    ['context_too_long', 'context_length_exceeded'],
    ['rate_limited', 'rate_limit_exceeded'],
    ['upstream_rate_limited', 'rate_limit_exceeded'],
    ['budget_exceeded', 'budget_exceeded'],
  ] as const)('says %s in the word that its clients branch on', (fault, code) => {
    expect(openAIChatInbound.encodeFault(new Fault(fault), 'r')).toMatchObject({ error: { code } });
  });

  it('[scenario 38] keeps the words of an upstream that refused the request', () => {
    const upstreamBody = { error: { message: 'n is wrong', type: 'invalid_request_error', param: 'n', code: 'bad_n' } };
    expect(openAIChatInbound.encodeFault(new Fault('upstream_rejected', { upstreamBody }), 'r')).toEqual(upstreamBody);
  });
});
