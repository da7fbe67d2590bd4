import type { Fault } from '../../domain/faults/fault.ts';
import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import type { RequestFeatures, RequestHead, RouteHints } from '../contract.ts';
import { estimateJsonTokens } from '../shared/estimate-tokens.ts';
import { invalidField, isObject } from '../shared/field-reader.ts';
import { fieldOf } from './gemini-reader.ts';

/** Reads what every path needs of a Gemini request. Model and streaming stand in the path, not in the body. */
export function readGeminiHead(body: JsonObject, route: RouteHints): RequestHead | Fault {
  const request = unwrapCountTokens(body);
  const { operation, model } = route;
  if (model === undefined || model === '') return invalidField('/model', 'the path must name a model');
  const isChat = operation === 'generate' || operation === 'count-tokens';
  if (isChat && contentsOf(request).length === 0) return invalidField('/contents', 'must hold at least one content');
  const config = configOf(request);
  const maxOutputTokens = fieldOf(config, 'maxOutputTokens');
  const labels = fieldOf(request, 'labels');
  const { job, feature } = isObject(labels) ? labels : {};
  return {
    operation,
    model,
    stream: route.stream ?? false,
    wantsUsage: true,
    ...(typeof maxOutputTokens === 'number' && { maxOutputTokens }),
    ...(typeof job === 'string' && { job }),
    ...(typeof feature === 'string' && { feature }),
    features: () => featuresOf(request, config),
    prefix: () => prefixOf(request),
    estimateInputTokens: () =>
      [
        contentsOf(request),
        fieldOf(request, 'systemInstruction'),
        request['tools'],
        ...embeddedOf(request),
      ].reduce<number>((sum, part) => sum + estimateJsonTokens(part as Json | undefined), 0),
  };
}

/** `countTokens` takes either contents or a whole generate request to count. */
export function unwrapCountTokens(body: JsonObject): JsonObject {
  const wrapped = fieldOf(body, 'generateContentRequest');
  return isObject(wrapped) ? wrapped : body;
}

/** The turns; a single content object stands for a list of one. */
export function contentsOf(request: JsonObject): readonly Json[] {
  const contents = request['contents'];
  if (Array.isArray(contents)) return contents as readonly Json[];
  return isObject(contents) ? [contents] : [];
}

/** What is to be embedded: one content, or a list of requests. */
function embeddedOf(request: JsonObject): readonly (Json | undefined)[] {
  return [request['content'], request['requests']];
}

/** The generation config, empty when absent. */
export function configOf(request: JsonObject): JsonObject {
  const config = fieldOf(request, 'generationConfig');
  return isObject(config) ? config : {};
}

function featuresOf(request: JsonObject, config: JsonObject): RequestFeatures {
  const mediaTypes = mediaTypesOf(request);
  const has = (prefix: string): boolean => mediaTypes.some((type) => type.startsWith(prefix));
  const tools = request['tools'];
  const thinking = fieldOf(config, 'thinkingConfig');
  const candidates = fieldOf(config, 'candidateCount');
  return {
    tools: Array.isArray(tools) && tools.length > 0,
    images: has('image/'),
    audio: has('audio/'),
    documents: has('application/') || has('text/'),
    jsonSchema: ['responseSchema', 'responseJsonSchema'].some((name) => fieldOf(config, name) !== undefined),
    reasoning: isObject(thinking) && fieldOf(thinking, 'thinkingBudget') !== 0,
    candidates: typeof candidates === 'number' ? candidates : 1,
  };
}

function mediaTypesOf(request: JsonObject): string[] {
  return contentsOf(request).flatMap((content) => {
    const parts = isObject(content) ? content['parts'] : undefined;
    return (Array.isArray(parts) ? (parts as readonly Json[]) : []).flatMap((part) => {
      const media = isObject(part) ? (fieldOf(part, 'inlineData') ?? fieldOf(part, 'fileData')) : undefined;
      const type = isObject(media) ? fieldOf(media, 'mimeType') : undefined;
      return typeof type === 'string' ? [type] : [];
    });
  });
}

function prefixOf(request: JsonObject): string {
  const system = fieldOf(request, 'systemInstruction') ?? null;
  const firstUser = contentsOf(request).find((content) => isObject(content) && content['role'] !== 'model') ?? null;
  return JSON.stringify([system, request['tools'] ?? null, firstUser]);
}
