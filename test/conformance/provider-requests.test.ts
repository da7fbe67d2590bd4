import { describe, expect, test } from 'vitest';
import type { Endpoint } from '../../src/domain/calls/endpoint.ts';
import { Fault } from '../../src/domain/faults/fault.ts';
import { spliceJson } from '../../src/protocols/index.ts';
import {
  type EncodedRequest,
  type Provider,
  type ProviderDefinition,
  providerDefinitions,
} from '../../src/providers/index.ts';
import {
  callOf,
  clientModel,
  endpointOf,
  type Feature,
  inboundDialects,
  modelsOf,
  registry,
  type SampleOptions,
  secret,
} from './provider-samples.ts';

const cases = providerDefinitions.flatMap((definition) =>
  modelsOf(definition).map((model) => [`${definition.id} ${model}`, definition, model] as const),
);

function providerOf(definition: ProviderDefinition): Provider {
  const provider = registry.getProvider(definition.id);
  if (provider === undefined) throw new Error(`${definition.id} is not registered`);
  return provider;
}

function encode(definition: ProviderDefinition, endpoint: Endpoint, call: ReturnType<typeof callOf>): EncodedRequest {
  const encoded = providerOf(definition).encode(call, endpoint);
  if (Fault.is(encoded)) throw encoded;
  return encoded;
}

/** What the declared quirks make impossible, and nothing else may. */
function isRefused({ quirks = {} }: ProviderDefinition, feature: Feature): boolean {
  const lacksTools = quirks.unsupportedFields?.includes('tools') ?? false;
  const cannotForce = quirks.namedToolChoice !== undefined || lacksTools;
  if (feature === 'tools') return lacksTools;
  return feature === 'schema' && quirks.jsonSchema !== undefined && cannotForce;
}

test('there is something to test', () => {
  expect(providerDefinitions.length).toBeGreaterThan(40);
  expect(registry.listProviders().map(({ id }) => id)).toEqual(
    providerDefinitions.flatMap(({ id, generic = false }) => (generic ? [] : [id])),
  );
});

test('only hosts with a page or recordings claim to know quirks', () => {
  const claiming = registry
    .listProviders()
    .filter(({ evidence }) => evidence.kind === 'assumed')
    .filter(({ id }) => providerDefinitions.find((definition) => definition.id === id)?.quirks !== undefined);
  expect(claiming).toEqual([]);
});

describe.each(cases)('a request to %s', (_name, definition, model) => {
  const endpoint = endpointOf(definition, model);
  const variants: readonly SampleOptions[] = (['text', 'tools', 'schema'] as const).flatMap((feature) =>
    [false, true].map((stream) => ({ feature, stream })),
  );

  test.each(inboundDialects)('from %s names the upstream’s model only', (dialect) => {
    for (const options of variants) {
      const label = JSON.stringify(options);
      const encoded = providerOf(definition).encode(callOf(dialect, options), endpoint);
      if (isRefused(definition, options.feature ?? 'text')) {
        expect(encoded, label).toMatchObject({ code: 'unsupported_feature' });
        continue;
      }
      if (Fault.is(encoded)) throw encoded;
      const { request } = encoded;
      const text = request.body?.toString() ?? '';
      const body = JSON.parse(text) as { model?: string };
      const bareModel = model.replace(/^(models|google|anthropic)\//, '');
      expect(body.model === model || decodeURIComponent(request.path).includes(bareModel), label).toBe(true);
      expect(request.path + text, label).not.toContain(clientModel);
      expect(request.path, label).not.toContain('{');
      expect(request.origin, label).toMatch(/^https?:\/\/[^/{}]+$/);
      for (const field of encoded.added) expect(field, label).toMatch(/\/(name|strict|max_tokens)$/);
    }
  });

  test.each(inboundDialects)('from %s carries no header of the client’s connection or credentials', (dialect) => {
    const { request } = encode(definition, endpoint, callOf(dialect));
    const text = JSON.stringify(request.headers);
    expect(text).not.toContain('client-secret');
    expect(text).not.toContain(secret);
    expect(Object.keys(request.headers)).not.toContain('x-forwarded-for');
    expect(request.headers).toMatchObject({ 'accept-encoding': 'identity', 'x-title': 'switchyard test' });
  });

  test('passes the client’s own bytes on where it speaks the dialect', () => {
    for (const dialect of inboundDialects) {
      const call = callOf(dialect, { fields: { some_new_field: { deep: [1] } } });
      const encoded = encode(definition, endpoint, call);
      expect(encoded.passThrough).toBe(encoded.dialect === dialect);
      if (!encoded.passThrough) continue;
      expect(encoded.request.body?.toString()).toContain('"some_new_field": {\n');
      expect(encoded.dropped).toEqual([]);
    }
  });

  test('asks for usage on streams, and says so when the client did not', () => {
    for (const dialect of inboundDialects) {
      const encoded = encode(definition, endpoint, callOf(dialect, { stream: true }));
      const body = JSON.parse(encoded.request.body?.toString() ?? '') as { stream_options?: unknown };
      const askable = encoded.dialect === 'openai-chat' && definition.quirks?.streamOptions === undefined;
      expect(body.stream_options).toEqual(askable ? { include_usage: true } : undefined);
      expect(encoded.stripUsage).toBe(askable && dialect === 'openai-chat');
    }
  });

  test('is signed with the host’s credentials and nothing else changes', async () => {
    const { request } = encode(definition, endpoint, callOf('openai-chat'));
    const signed = await providerOf(definition).sign(request, endpoint);
    expect(signed).toMatchObject({ method: 'POST', origin: request.origin, path: request.path, body: request.body });
    const header = signed.headers[definition.keyHeader === 'bearer' ? 'authorization' : definition.keyHeader];
    if (definition.protocol === 'bedrock') expect(signed.headers['authorization']).toMatch(/^AWS4-HMAC-SHA256 /);
    else expect(header).toBe(definition.keyHeader === 'bearer' ? `Bearer ${secret}` : secret);
  });
});

describe('[scenarios 5 and 6] pass-through', () => {
  const openai = providerDefinitions.find(({ id }) => id === 'openai');
  if (openai === undefined) throw new Error('openai is not registered');
  const endpoint = endpointOf(openai, 'gpt-x');

  test('changes the model and not one byte more', () => {
    const bytes = Buffer.from(`{ "model" : "${clientModel}","seed":9007199254740993, "x":"\\u00e9","x":1e400 }`);
    const call = { ...callOf('openai-chat'), bytes };
    expect(encode(openai, endpoint, call).request.body?.toString()).toBe(
      bytes.toString().replace(clientModel, 'gpt-x'),
    );
  });

  test('serves Responses clients in their own dialect where the host speaks it', () => {
    const encoded = encode(openai, endpoint, callOf('openai-responses'));
    expect(encoded).toMatchObject({ dialect: 'openai-responses', passThrough: true, stripUsage: false });
    expect(encoded.request.path).toBe('/v1/responses');
  });

  test('carries other operations to the path of theirs, forms included', () => {
    const embeddings = { ...callOf('openai-chat'), operation: 'embeddings' as const };
    expect(encode(openai, endpoint, embeddings).request.path).toBe('/v1/embeddings');
    const form = {
      ...embeddings,
      operation: 'transcription' as const,
      contentType: 'multipart/form-data; boundary=b',
      bytes: Buffer.from(`--b\r\nContent-Disposition: form-data; name="model"\r\n\r\n${clientModel}\r\n--b--\r\n`),
    };
    const { request } = encode(openai, endpoint, form);
    expect(request.path).toBe('/v1/audio/transcriptions');
    expect(request.body?.toString()).toContain('\r\n\r\ngpt-x\r\n');
    const elsewhere = { ...embeddings, passThroughPath: '/images/edits?x=1' };
    expect(encode(openai, endpoint, elsewhere).request.path).toBe('/v1/images/edits?x=1');
  });

  test('keeps the client’s choice of usage', () => {
    const call = callOf('openai-chat', { stream: true, fields: { stream_options: { include_usage: true } } });
    const encoded = encode(openai, endpoint, call);
    expect(encoded.stripUsage).toBe(false);
    expect(encoded.request.body).toEqual(spliceJson(call.bytes, [{ op: 'set', pointer: '/model', value: 'gpt-x' }]));
  });

  test('keeps headers of the dialect and drops those of others', () => {
    const anthropic = providerDefinitions.find(({ id }) => id === 'anthropic');
    if (anthropic === undefined) throw new Error('anthropic is not registered');
    const claude = endpointOf(anthropic, 'claude-x');
    expect(encode(anthropic, claude, callOf('anthropic-messages')).request.headers).toMatchObject({
      'anthropic-beta': 'some-beta',
      'anthropic-version': '2023-06-01',
    });
    expect(encode(openai, endpoint, callOf('anthropic-messages')).request.headers).not.toHaveProperty('anthropic-beta');
  });
});

describe('[scenario 54] a JSON schema on a host without them', () => {
  test('is emulated by a forced tool whose answer comes back as text', () => {
    const deepseek = providerDefinitions.find(({ id }) => id === 'deepseek');
    if (deepseek === undefined) throw new Error('deepseek is not registered');
    const encoded = encode(deepseek, endpointOf(deepseek, 'm'), callOf('openai-chat', { feature: 'schema' }));
    const body = JSON.parse(encoded.request.body?.toString() ?? '') as {
      tools: unknown[];
      tool_choice: unknown;
      thinking: unknown;
    };
    expect(encoded.passThrough).toBe(false);
    expect(body.tools).toHaveLength(1);
    expect(body.tool_choice).toMatchObject({ type: 'function' });
    expect(body.thinking).toEqual({ type: 'disabled' });
    const call = { id: 'c', type: 'function', function: { name: 'switchyard_answer', arguments: '{"city":"Bern"}' } };
    const answer = {
      id: 'a',
      choices: [
        { index: 0, finish_reason: 'tool_calls', message: { role: 'assistant', content: null, tool_calls: [call] } },
      ],
    };
    expect(encoded.decodeCompletion(answer)).toMatchObject({
      blocks: [{ type: 'text', text: '{"city":"Bern"}' }],
      finish: { reason: 'stop' },
    });
  });
});
