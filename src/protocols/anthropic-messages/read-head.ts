import type { Fault } from '../../domain/faults/fault.ts';
import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import type { RequestFeatures, RequestHead, RouteHints } from '../contract.ts';
import { estimateJsonTokens } from '../shared/estimate-tokens.ts';
import { FieldReader, invalidField, isObject } from '../shared/field-reader.ts';

/** Reads the few facts that every path needs, and refuses what no upstream of this dialect could accept. */
export function readHead(body: JsonObject, route: RouteHints): RequestHead | Fault {
  const fields = new FieldReader(body);
  const model = route.model ?? fields.names('model');
  const messages = fields.array('messages');
  const maxOutputTokens = fields.number('max_tokens');
  const stream = fields.boolean('stream') ?? false;
  if (fields.fault !== undefined) return fields.fault;
  if (model === undefined || model === '') return required('/model');
  if (messages === undefined) return required('/messages');
  if (messages.length === 0) return invalidField('/messages', 'must hold at least one message');
  if (maxOutputTokens === undefined && route.operation === 'generate') return required('/max_tokens');
  const metadata = isObject(body['metadata']) ? body['metadata'] : {};
  const { user_id: endUser, job, feature } = metadata;
  return {
    operation: route.operation,
    model,
    stream,
    wantsUsage: true,
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(typeof endUser === 'string' && { endUser }),
    ...(typeof job === 'string' && { job }),
    ...(typeof feature === 'string' && { feature }),
    features: () => readFeatures(body, messages),
    prefix: () => readPrefix(body, messages),
    estimateInputTokens: () =>
      estimateJsonTokens({ ...(body['system'] && { system: body['system'] }), messages }) +
      estimateJsonTokens(body['tools']),
  };
}

function required(pointer: string): Fault {
  return invalidField(pointer, 'is required');
}

function readFeatures(body: JsonObject, messages: readonly Json[]): RequestFeatures {
  const { tools, thinking, output_config: output, output_format: format } = body;
  const kinds = new Set<unknown>();
  for (const message of messages) collectKinds(isObject(message) ? message['content'] : undefined, kinds);
  const mode = isObject(thinking) ? thinking['type'] : undefined;
  return {
    tools: Array.isArray(tools) && tools.length > 0,
    images: kinds.has('image'),
    audio: false,
    documents: kinds.has('document'),
    jsonSchema: isObject(format) || (isObject(output) && isObject(output['format'])),
    reasoning: mode !== undefined && mode !== 'disabled',
    candidates: 1,
  };
}

/** Tool results may hold images and documents too. */
function collectKinds(content: Json | undefined, kinds: Set<unknown>): void {
  if (!Array.isArray(content)) return;
  for (const block of content) {
    if (!isObject(block)) continue;
    kinds.add(block['type']);
    if (block['type'] === 'tool_result') collectKinds(block['content'], kinds);
  }
}

function readPrefix(body: JsonObject, messages: readonly Json[]): string {
  const first = messages.find((message) => isObject(message) && message['role'] === 'user');
  return JSON.stringify([body['system'] ?? null, body['tools'] ?? null, first ?? null]);
}
