import type { Fault } from '../../domain/faults/fault.ts';
import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import type { RequestFeatures, RequestHead, RouteHints } from '../contract.ts';
import { estimateJsonTokens } from '../shared/estimate-tokens.ts';
import { FieldReader, invalidField, isObject } from '../shared/field-reader.ts';

/** Reads the few facts every path needs from a Responses request, leaving its input untouched. */
export function readHead(body: JsonObject, route: RouteHints): RequestHead | Fault {
  const fields = new FieldReader(body);
  const model = fields.names('model') ?? route.model;
  const stream = fields.boolean('stream') ?? route.stream ?? false;
  const maxOutputTokens = fields.number('max_output_tokens');
  const endUser = fields.string('user') ?? fields.string('safety_identifier');
  const cacheKey = fields.string('prompt_cache_key');
  const previousResponseId = fields.string('previous_response_id');
  const metadata = fields.object('metadata');
  if (fields.fault) return fields.fault;
  if (model === undefined || model === '') return invalidField('/model', 'is required');
  const job = metadata?.['job'];
  const feature = metadata?.['feature'];
  return {
    operation: route.operation,
    model,
    stream,
    wantsUsage: true,
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(endUser !== undefined && { endUser }),
    ...(cacheKey !== undefined && { cacheKey }),
    ...(previousResponseId !== undefined && { previousResponseId }),
    ...(typeof job === 'string' && { job }),
    ...(typeof feature === 'string' && { feature }),
    features: () => readFeatures(body),
    prefix: () => readPrefix(body),
    estimateInputTokens: () =>
      Math.ceil(estimateJsonTokens([body['instructions'], body['tools'], body['input']].map(orNull))),
  };
}

function readFeatures(body: JsonObject): RequestFeatures {
  const text = body['text'];
  const format = isObject(text) ? text['format'] : undefined;
  const reasoning = body['reasoning'];
  const tools = body['tools'];
  const types = new Set(contentTypes(body['input']));
  return {
    tools: Array.isArray(tools) && tools.length > 0,
    images: types.has('input_image'),
    audio: types.has('input_audio'),
    documents: types.has('input_file'),
    jsonSchema: isObject(format) && format['type'] === 'json_schema',
    reasoning: isObject(reasoning) && typeof reasoning['effort'] === 'string' && reasoning['effort'] !== 'none',
    candidates: 1,
  };
}

/** Types of every content part in messages and tool outputs. */
function* contentTypes(input: Json | undefined): Generator<Json | undefined> {
  if (!Array.isArray(input)) return;
  for (const item of input) {
    if (!isObject(item)) continue;
    for (const content of [item['content'], item['output']]) {
      if (!Array.isArray(content)) continue;
      for (const part of content) if (isObject(part)) yield part['type'];
    }
  }
}

function readPrefix(body: JsonObject): string {
  const input = body['input'];
  const items = Array.isArray(input) ? input : [orNull(input)];
  const firstUser = items.findIndex((item) => !isObject(item) || item['role'] === 'user');
  const head = firstUser < 0 ? items : items.slice(0, firstUser + 1);
  return JSON.stringify([orNull(body['instructions']), orNull(body['tools']), ...head]);
}

function orNull(value: Json | undefined): Json {
  return value ?? null;
}
