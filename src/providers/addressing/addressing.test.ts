import { describe, expect, test } from 'vitest';
import type { DialectId, Operation } from '../../domain/calls/dialect.ts';
import type { Endpoint, HostAuth } from '../../domain/calls/endpoint.ts';
import type { AddressedCall, Addressing } from '../provider-definition.ts';
import { anthropicAddressing } from './anthropic-addressing.ts';
import { azureAddressing } from './azure-addressing.ts';
import { bedrockAddressing } from './bedrock-addressing.ts';
import { geminiAddressing } from './gemini-addressing.ts';
import { openAIAddressing } from './openai-addressing.ts';
import { vertexAddressing } from './vertex-addressing.ts';

interface Sample {
  readonly model?: string;
  readonly baseUrl?: string;
  readonly auth?: HostAuth;
  readonly operation?: Operation;
  readonly dialect?: DialectId;
  readonly stream?: boolean;
}

function endpointOf({ model = 'm', baseUrl = 'https://h.example/v1', auth = { type: 'none' } }: Sample): Endpoint {
  return {
    id: 'h/m',
    modelName: 'm',
    upstreamModel: model,
    weight: 1,
    price: undefined,
    limits: {},
    capabilities: {},
    host: {
      id: 'h',
      protocol: 'openai-chat',
      providerId: 'h',
      baseUrl,
      auth,
      timeouts: { connectMs: 1, firstTokenMs: 1, idleMs: 1, totalMs: 1 },
      headers: {},
      maxConnections: 1,
    },
  };
}

/** The call as the provider would address it; undefined when the operation is not offered. */
function addressed(addressing: Addressing, sample: Sample): AddressedCall | undefined {
  const endpoint = endpointOf(sample);
  const operation = sample.operation ?? 'generate';
  const offered = addressing.dialectsFor(endpoint, operation);
  const dialect = offered.find((each) => each === sample.dialect) ?? offered[0];
  return dialect === undefined ? undefined : { operation, dialect, stream: sample.stream ?? false, endpoint };
}

function pathOf(addressing: Addressing, sample: Sample): string | undefined {
  const call = addressed(addressing, sample);
  return call === undefined ? undefined : addressing.pathFor(call);
}

const google: HostAuth = {
  type: 'google',
  clientEmail: 'a@b',
  privateKey: '',
  project: 'p1',
  location: 'us-east5',
  tokenUrl: '',
};
const azure: HostAuth = { type: 'azure', apiVersion: '2025-04-01-preview', apiKey: 'k' };

describe('addresses', () => {
  const openai = openAIAddressing(['openai-chat', 'openai-responses']);
  const dated = 'https://r.openai.azure.com';
  const current = 'https://r.openai.azure.com/openai/v1';
  const inProject = '/projects/p1/locations/us-east5';
  const cases: readonly (readonly [string, Addressing, Sample, string | undefined])[] = [
    ['OpenAI chat', openai, {}, '/chat/completions'],
    ['OpenAI Responses', openai, { dialect: 'openai-responses' }, '/responses'],
    ['OpenAI embeddings', openai, { operation: 'embeddings' }, '/embeddings'],
    ['OpenAI speech', openai, { operation: 'speech' }, '/audio/speech'],
    ['OpenAI counting, which it lacks', openai, { operation: 'count-tokens' }, undefined],
    ['Anthropic messages', anthropicAddressing, {}, '/messages'],
    ['Anthropic counting', anthropicAddressing, { operation: 'count-tokens' }, '/messages/count_tokens'],
    ['Anthropic embeddings, which it lacks', anthropicAddressing, { operation: 'embeddings' }, undefined],
    ['Gemini', geminiAddressing, { model: 'models/gemini-x' }, '/models/gemini-x:generateContent'],
    ['a Gemini stream', geminiAddressing, { stream: true }, '/models/m:streamGenerateContent?alt=sse'],
    ['Gemini counting', geminiAddressing, { operation: 'count-tokens' }, '/models/m:countTokens'],
    [
      'Gemini on Vertex',
      vertexAddressing,
      { model: 'google/gemini-x', auth: google, stream: true },
      `${inProject}/publishers/google/models/gemini-x:streamGenerateContent?alt=sse`,
    ],
    [
      'Claude on Vertex',
      vertexAddressing,
      { model: 'claude-x@20260101', auth: google },
      `${inProject}/publishers/anthropic/models/claude-x@20260101:rawPredict`,
    ],
    [
      'a Claude stream on Vertex',
      vertexAddressing,
      { model: 'claude-x', auth: google, stream: true },
      `${inProject}/publishers/anthropic/models/claude-x:streamRawPredict`,
    ],
    [
      'counting for Claude on Vertex',
      vertexAddressing,
      { model: 'claude-x', auth: google, operation: 'count-tokens' },
      `${inProject}/publishers/anthropic/models/count-tokens:rawPredict`,
    ],
    [
      'another model on Vertex',
      vertexAddressing,
      { model: 'meta/llama-x', auth: google },
      `${inProject}/endpoints/openapi/chat/completions`,
    ],
    [
      'Vertex with a key',
      vertexAddressing,
      { model: 'gemini-x' },
      '/publishers/google/models/gemini-x:generateContent',
    ],
    ['Azure', azureAddressing, { baseUrl: current, auth: azure }, '/chat/completions'],
    [
      'an Azure preview',
      azureAddressing,
      { baseUrl: current, auth: { ...azure, apiVersion: 'preview' }, dialect: 'openai-responses' },
      '/responses?api-version=preview',
    ],
    [
      'a dated Azure',
      azureAddressing,
      { baseUrl: dated, auth: azure, model: 'my deployment' },
      '/openai/deployments/my%20deployment/chat/completions?api-version=2025-04-01-preview',
    ],
    [
      'a dated Azure whose base URL names the API',
      azureAddressing,
      { baseUrl: `${dated}/openai`, auth: azure, operation: 'embeddings' },
      '/deployments/m/embeddings?api-version=2025-04-01-preview',
    ],
    [
      'Responses on a dated Azure',
      azureAddressing,
      { baseUrl: dated, auth: azure, dialect: 'openai-responses' },
      '/openai/responses?api-version=2025-04-01-preview',
    ],
    [
      'a dated Azure with a plain key',
      azureAddressing,
      { baseUrl: dated },
      '/openai/deployments/m/chat/completions?api-version=2024-10-21',
    ],
    ['Bedrock', bedrockAddressing, { model: 'anthropic.claude-x-v1:0' }, '/model/anthropic.claude-x-v1%3A0/converse'],
    [
      'a Bedrock profile',
      bedrockAddressing,
      { model: 'arn:aws:bedrock:eu-west-1:1:inference-profile/x', stream: true },
      '/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Ainference-profile%2Fx/converse-stream',
    ],
    ['Bedrock embeddings, which Converse lacks', bedrockAddressing, { operation: 'embeddings' }, undefined],
  ];
  test.each(cases)('of %s', (...[, addressing, sample, path]) => {
    expect(pathOf(addressing, sample)).toBe(path);
  });

  test('of Claude on Vertex put the version into the body and take the model out', () => {
    const call = addressed(vertexAddressing, { model: 'claude-x', auth: google });
    expect(call && vertexAddressing.bodyEdits(call)).toEqual([
      { op: 'remove', pointer: '/model' },
      { op: 'set', pointer: '/anthropic_version', value: 'vertex-2023-10-16' },
    ]);
    const counting = addressed(vertexAddressing, { model: 'claude-x', auth: google, operation: 'count-tokens' });
    expect(counting && vertexAddressing.bodyEdits(counting)).toEqual([
      { op: 'set', pointer: '/model', value: 'claude-x' },
    ]);
  });
});
