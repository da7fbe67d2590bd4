import type { Fault } from '../../domain/faults/fault.ts';
import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import type { RequestFeatures, RequestHead, RouteHints } from '../contract.ts';
import { estimateJsonTokens } from '../shared/estimate-tokens.ts';
import { FieldReader, invalidField } from '../shared/field-reader.ts';
import { objectOf, textOf } from './values.ts';

const noFeatures: RequestFeatures = {
  tools: false,
  images: false,
  audio: false,
  documents: false,
  jsonSchema: false,
  reasoning: false,
  candidates: 1,
};

/** Fields that hold what the model reads: embeddings and moderations, completions, rerank, speech. */
const inputFields = ['input', 'prompt', 'suffix', 'query', 'documents', 'texts', 'instructions'];

/** What clients mean that name no model, by path, as the dialect's makers document it. */
const usualModels: { readonly [path: string]: string } = {
  '/moderations': 'omni-moderation-latest',
  '/images/generations': 'dall-e-2',
  '/images/variations': 'dall-e-2',
  '/images/edits': 'gpt-image-1.5',
};

/** Fields that dall-e-2 does not have: they say that its successors are meant. */
const laterImageFields = [
  'background',
  'moderation',
  'output_format',
  'output_compression',
  'partial_images',
  'stream',
];

/** Reads the head of an operation that is metered but not translated: its model, and whether it streams. */
export function readPassThroughHead(body: JsonObject, route: RouteHints): RequestHead | Fault {
  const reader = new FieldReader(body);
  const model = route.model ?? reader.names('model') ?? usualModel(body, route);
  const stream = reader.any('stream');
  const maxOutputTokens = route.operation === 'completions' ? reader.number('max_tokens') : undefined;
  const endUser = reader.string('user');
  if (reader.fault) return reader.fault;
  if (model === undefined || model === '') return invalidField('/model', 'is required');
  return {
    operation: route.operation,
    model,
    stream: route.stream ?? asksForStream(body, stream),
    wantsUsage: objectOf(body['stream_options'])?.['include_usage'] === true,
    maxOutputTokens,
    endUser,
    job: textOf(objectOf(body['metadata'])?.['job']),
    feature: textOf(objectOf(body['metadata'])?.['feature']),
    features: () => noFeatures,
    prefix: () => '',
    estimateInputTokens: () => Math.ceil(estimateJsonTokens(readInputs(body))),
  };
}

function usualModel(body: JsonObject, { path = '' }: RouteHints): string | undefined {
  const isLater = path === '/images/generations' && laterImageFields.some((field) => Object.hasOwn(body, field));
  return usualModels[isLater ? '/images/edits' : path];
}

/** Multipart forms know only text, and speech has a word of its own for events instead of bytes. */
function asksForStream(body: JsonObject, stream: Json | undefined): boolean {
  return stream === true || stream === 'true' || body['stream_format'] === 'sse';
}

function readInputs(body: JsonObject): readonly Json[] {
  return inputFields.flatMap((field) => body[field] ?? []);
}
