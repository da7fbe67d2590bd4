import type { DialectId, InboundDialectId } from '../../src/domain/calls/dialect.ts';
import type { Endpoint, HostAuth } from '../../src/domain/calls/endpoint.ts';
import { Fault } from '../../src/domain/faults/fault.ts';
import type { JsonObject } from '../../src/domain/calls/model-call.ts';
import {
  anthropicMessagesInbound,
  geminiInbound,
  type InboundProtocol,
  openAIChatInbound,
  openAIResponsesInbound,
} from '../../src/protocols/index.ts';
import { createProviderRegistry, type OutboundCall, type ProviderDefinition } from '../../src/providers/index.ts';

/** A secret of no known shape: only knowing it helps to hide it. */
export const secret = 'fj3-Kq/29+xw=Zz';
/** What clients call the model; must never reach an upstream. */
export const clientModel = 'client-side/name-of-model';

export const nowMs = Date.parse('2026-11-22T10:00:00Z');
export const registry = createProviderRegistry({ clock: { nowMs: () => nowMs, monotonicMs: () => 0 } });

const inbound: { readonly [Dialect in InboundDialectId]: InboundProtocol } = {
  'openai-chat': openAIChatInbound,
  'openai-responses': openAIResponsesInbound,
  'anthropic-messages': anthropicMessagesInbound,
  gemini: geminiInbound,
};

export const inboundDialects = Object.keys(inbound) as InboundDialectId[];

const authByProtocol: { readonly [protocol: string]: HostAuth } = {
  bedrock: { type: 'aws', region: 'eu-west-1', accessKeyId: 'AKIDEXAMPLE', secretAccessKey: secret },
  'azure-openai': { type: 'azure', apiVersion: '2024-10-21', apiKey: secret },
};

/** Models whose name decides about the dialect. */
export function modelsOf(definition: ProviderDefinition): readonly string[] {
  return definition.protocol === 'vertex' ? ['gemini-x', 'claude-x@20260101', 'meta/llama-x'] : ['vendor/model-x:8b'];
}

export function endpointOf(definition: ProviderDefinition, upstreamModel: string): Endpoint {
  return {
    id: `${definition.id}/${upstreamModel}`,
    modelName: clientModel,
    upstreamModel,
    weight: 1,
    price: undefined,
    limits: {},
    capabilities: {},
    host: {
      id: definition.id,
      protocol: definition.protocol,
      providerId: definition.id,
      baseUrl: definition.baseUrl ?? definition.baseUrlExample ?? 'https://host.example/v1',
      auth: authByProtocol[definition.protocol] ?? { type: 'api-key', apiKey: secret },
      timeouts: { connectMs: 1000, firstTokenMs: 1000, idleMs: 1000, totalMs: 1000 },
      headers: { 'X-Title': 'switchyard test' },
      maxConnections: 4,
    },
  };
}

export type Feature = 'text' | 'tools' | 'schema';

const schema: JsonObject = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};

const bodies: { readonly [Dialect in InboundDialectId]: { readonly [Name in Feature]: JsonObject } } = {
  'openai-chat': {
    text: { messages: [{ role: 'user', content: 'Hello' }], max_completion_tokens: 50 },
    tools: {
      messages: [{ role: 'user', content: 'Hello' }],
      tools: [{ type: 'function', function: { name: 'weather', parameters: schema } }],
    },
    schema: {
      messages: [{ role: 'user', content: 'Hello' }],
      response_format: { type: 'json_schema', json_schema: { name: 'answer', schema, strict: true } },
    },
  },
  'openai-responses': {
    text: { input: 'Hello', max_output_tokens: 50 },
    tools: { input: 'Hello', tools: [{ type: 'function', name: 'weather', parameters: schema, strict: false }] },
    schema: { input: 'Hello', text: { format: { type: 'json_schema', name: 'answer', schema, strict: true } } },
  },
  'anthropic-messages': {
    text: { messages: [{ role: 'user', content: 'Hello' }], max_tokens: 50 },
    tools: {
      messages: [{ role: 'user', content: 'Hello' }],
      max_tokens: 50,
      tools: [{ name: 'weather', input_schema: schema }],
    },
    schema: {
      messages: [{ role: 'user', content: 'Hello' }],
      max_tokens: 50,
      output_config: { format: { type: 'json_schema', schema } },
    },
  },
  gemini: {
    text: { contents: [{ role: 'user', parts: [{ text: 'Hello' }] }], generationConfig: { maxOutputTokens: 50 } },
    tools: {
      contents: [{ role: 'user', parts: [{ text: 'Hello' }] }],
      tools: [{ functionDeclarations: [{ name: 'weather', parametersJsonSchema: schema }] }],
    },
    schema: {
      contents: [{ role: 'user', parts: [{ text: 'Hello' }] }],
      generationConfig: { responseMimeType: 'application/json', responseJsonSchema: schema },
    },
  },
};

export interface SampleOptions {
  readonly feature?: Feature;
  readonly stream?: boolean;
  readonly fields?: JsonObject;
}

/** A client's call, its body written with white space so that pass-through shows. */
export function callOf(dialect: InboundDialectId, options: SampleOptions = {}): OutboundCall {
  const { feature = 'text', stream = false, fields = {} } = options;
  const pathNamesModel = dialect === 'gemini';
  const body: JsonObject = {
    ...(pathNamesModel ? {} : { model: clientModel }),
    ...bodies[dialect][feature],
    ...(pathNamesModel || !stream ? {} : { stream: true }),
    ...fields,
  };
  return {
    operation: 'generate',
    dialect,
    bytes: Buffer.from(JSON.stringify(body, null, 1)),
    body,
    stream,
    contentType: 'application/json',
    headers: {
      Authorization: 'Bearer client-secret',
      'x-api-key': 'client-secret',
      cookie: 'client-secret',
      'x-switchyard-session': 'client-secret',
      'x-forwarded-for': '10.0.0.1',
      connection: 'keep-alive',
      'anthropic-beta': 'some-beta',
    },
    parse() {
      const protocol = inbound[dialect];
      const route = { operation: 'generate' as const, ...(pathNamesModel ? { model: clientModel, stream } : {}) };
      const head = protocol.readHead(body, route);
      return Fault.is(head) ? head : protocol.parseCall(body, head);
    },
  };
}

/** Is a dialect one that clients speak? */
export function isInbound(dialect: DialectId): dialect is InboundDialectId {
  return dialect !== 'bedrock-converse';
}
