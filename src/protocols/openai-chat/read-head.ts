import type { Fault } from '../../domain/faults/fault.ts';
import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import type { RequestFeatures, RequestHead, RouteHints } from '../contract.ts';
import { estimateJsonTokens } from '../shared/estimate-tokens.ts';
import { FieldReader, invalidField } from '../shared/field-reader.ts';
import { readPassThroughHead } from './read-pass-through-head.ts';
import { listOf, numberOf, objectOf, objectsOf, textOf } from './values.ts';

/** Reads what every path needs of a request of this dialect's family, without looking at the messages. */
export function readHead(body: JsonObject, route: RouteHints): RequestHead | Fault {
  if (route.operation !== 'generate') return readPassThroughHead(body, route);
  const reader = new FieldReader(body);
  const model = route.model ?? reader.names('model');
  const stream = reader.boolean('stream') ?? false;
  const streamOptions = reader.object('stream_options');
  const maxOutputTokens = reader.number('max_completion_tokens') ?? reader.number('max_tokens');
  const endUser = reader.string('user') ?? reader.string('safety_identifier');
  const cacheKey = reader.string('prompt_cache_key');
  const metadata = objectOf(body['metadata']);
  const messages = reader.array('messages');
  if (reader.fault) return reader.fault;
  if (model === undefined || model === '') return invalidField('/model', 'is required');
  if (messages === undefined || messages.length === 0) return invalidField('/messages', 'must hold a message');
  return {
    operation: route.operation,
    model,
    stream: route.stream ?? stream,
    wantsUsage: streamOptions?.['include_usage'] === true,
    maxOutputTokens,
    endUser,
    cacheKey,
    job: textOf(metadata?.['job']),
    feature: textOf(metadata?.['feature']),
    features: () => readFeatures(body),
    prefix: () => readPrefix(body),
    estimateInputTokens: () => estimateInputTokens(body),
  };
}

function readFeatures(body: JsonObject): RequestFeatures {
  const types = new Set(
    objectsOf(body['messages'])
      .flatMap((message) => objectsOf(message['content']))
      .map((part) => part['type']),
  );
  const reasoning = objectOf(body['reasoning']);
  const effort = textOf(body['reasoning_effort']) ?? textOf(reasoning?.['effort']);
  const thinking = objectOf(body['thinking'])?.['type'];
  return {
    tools: listOf(body['tools']).length > 0 || listOf(body['functions']).length > 0,
    images: types.has('image_url'),
    audio: types.has('input_audio') || listOf(body['modalities']).includes('audio'),
    documents: types.has('file'),
    jsonSchema: objectOf(body['response_format'])?.['type'] === 'json_schema',
    reasoning: effort !== undefined ? effort !== 'none' : thinking === 'enabled' || reasoning !== undefined,
    candidates: numberOf(body['n']) ?? 1,
  };
}

/** System text, tools and the first user turn: what stays the same while a conversation grows. */
function readPrefix(body: JsonObject): string {
  const messages = objectsOf(body['messages']);
  const firstUser = messages.findIndex((message) => message['role'] === 'user');
  const leading = messages.slice(0, firstUser < 0 ? messages.length : firstUser + 1);
  return JSON.stringify([body['tools'] ?? body['functions'] ?? null, leading]);
}

function estimateInputTokens(body: JsonObject): number {
  const counted: Json[] = [];
  for (const key of ['messages', 'tools', 'functions', 'response_format']) counted.push(body[key] ?? null);
  return Math.ceil(estimateJsonTokens(counted));
}
