import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { ServiceAnswer, ServiceCall } from './service.ts';
import { notFound, okJson } from './service.ts';

const createdS = 1_750_000_000;
const createdText = '2025-06-15T00:00:00Z';

/** Model lists and single models in the shape of the dialect that asks. */
export function answerModels(call: ServiceCall, names: readonly string[]): ServiceAnswer {
  const shape = shapeOf(call);
  if (call.tail === '') return okJson(listOf(shape, names));
  const name = names.find((known) => known === call.tail);
  return name === undefined ? notFound(`The model '${call.tail}' does not exist`) : okJson(itemOf(shape, name));
}

type Shape = 'openai' | 'anthropic' | 'gemini';

function shapeOf(call: ServiceCall): Shape {
  if (call.headers['anthropic-version'] !== undefined) return 'anthropic';
  return call.path.includes('/v1beta') ? 'gemini' : 'openai';
}

function listOf(shape: Shape, names: readonly string[]): JsonObject {
  const data = names.map((name) => itemOf(shape, name));
  if (shape === 'openai') return { object: 'list', data };
  if (shape === 'gemini') return { models: data };
  return { data, has_more: false, first_id: names[0] ?? null, last_id: names.at(-1) ?? null };
}

function itemOf(shape: Shape, name: string): JsonObject {
  if (shape === 'openai') return { id: name, object: 'model', created: createdS, owned_by: 'simulator' };
  if (shape === 'anthropic') return { type: 'model', id: name, display_name: name, created_at: createdText };
  return {
    name: `models/${name}`,
    version: '001',
    displayName: name,
    inputTokenLimit: 128_000,
    outputTokenLimit: 8_192,
    supportedGenerationMethods: ['generateContent', 'countTokens'],
  };
}
