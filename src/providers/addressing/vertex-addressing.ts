import type { DialectId } from '../../domain/calls/dialect.ts';
import type { Endpoint } from '../../domain/calls/endpoint.ts';
import type { JsonEdit } from '../../protocols/index.ts';
import type { AddressedCall, Addressing } from '../provider-definition.ts';
import { geminiMethod } from './gemini-addressing.ts';

const anthropicVersion = 'vertex-2023-10-16';

/** Vertex AI: Google's models, Anthropic's and, under `publisher/model`, others in OpenAI's dialect. */
export const vertexAddressing: Addressing = {
  dialectsFor(endpoint, operation) {
    const dialect = dialectOf(endpoint.upstreamModel);
    if (operation === 'generate') return [dialect];
    return operation === 'count-tokens' && dialect !== 'openai-chat' ? [dialect] : [];
  },
  pathFor(call) {
    const { upstreamModel } = call.endpoint;
    const parent = parentOf(call.endpoint);
    if (call.dialect === 'openai-chat') return `${parent}/endpoints/openapi/chat/completions`;
    if (call.dialect === 'gemini') {
      return `${parent}/publishers/google/models/${encodeModel(upstreamModel)}:${geminiMethod(call)}`;
    }
    const models = `${parent}/publishers/anthropic/models`;
    if (call.operation === 'count-tokens') return `${models}/count-tokens:rawPredict`;
    return `${models}/${encodeModel(upstreamModel)}:${call.stream ? 'streamRawPredict' : 'rawPredict'}`;
  },
  bodyEdits(call) {
    if (call.dialect === 'gemini') return [{ op: 'remove', pointer: '/model' }];
    if (call.dialect === 'openai-chat') return [setModel(call.endpoint.upstreamModel)];
    return anthropicEdits(call);
  },
};

function dialectOf(model: string): DialectId {
  if (model.startsWith('claude') || model.startsWith('anthropic/')) return 'anthropic-messages';
  return model.includes('/') && !model.startsWith('google/') ? 'openai-chat' : 'gemini';
}

/** With an API key instead of a service account the project is known from the key. */
function parentOf({ host: { auth } }: Endpoint): string {
  return auth.type === 'google' ? `/projects/${auth.project}/locations/${auth.location}` : '';
}

function encodeModel(model: string): string {
  return encodeURIComponent(model.replace(/^(google|anthropic)\//, '')).replaceAll('%40', '@');
}

/** Vertex takes the Messages API with the version in the body; only counting names the model there too. */
function anthropicEdits({ operation, endpoint }: AddressedCall): readonly JsonEdit[] {
  if (operation === 'count-tokens') return [setModel(endpoint.upstreamModel.replace(/^anthropic\//, ''))];
  return [
    { op: 'remove', pointer: '/model' },
    { op: 'set', pointer: '/anthropic_version', value: anthropicVersion },
  ];
}

function setModel(value: string): JsonEdit {
  return { op: 'set', pointer: '/model', value };
}
