import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import type { Usage } from '../../domain/rating/usage.ts';
import { fieldOf } from '../gemini/gemini-reader.ts';
import { invalidField, isObject } from '../shared/field-reader.ts';
import type { EmbeddingsDialect, EmbeddingsInput } from './contract.ts';
import { noVectors, onlyTexts } from './embeddings-faults.ts';
import { readVector } from './read-vector.ts';

/**
 * `embedContent` and `batchEmbedContents` of Gemini. Upstreams are always asked for a batch: it does what the other one
 * does, and the path then needs no second form.
 */
export const geminiEmbeddings: EmbeddingsDialect = {
  parseCall(body) {
    const single = body['requests'] === undefined;
    const requests = single ? [body] : body['requests'];
    if (!Array.isArray(requests) || requests.length === 0)
      return invalidField('/requests', 'must be a list of requests');
    const inputs: EmbeddingsInput[] = [];
    for (const [at, request] of (requests as readonly Json[]).entries()) {
      const content = isObject(request) ? request['content'] : undefined;
      const pointer = single ? '/content' : `/requests/${at}/content`;
      if (!isObject(request) || !isObject(content)) return invalidField(pointer, 'must be a content with parts');
      const text = textOf(content);
      inputs.push({ native: request, ...(text !== undefined && { text }) });
    }
    const [first] = inputs;
    const dimensions = first?.native && fieldOf(first.native, 'outputDimensionality');
    return { inputs, base64: false, single, ...(typeof dimensions === 'number' && { dimensions }) };
  },
  encodeCall({ inputs, dimensions }, upstreamModel) {
    const model = `models/${upstreamModel.replace(/^models\//, '')}`;
    const requests: JsonObject[] = [];
    for (const { native, text } of inputs) {
      if (native === undefined && text === undefined) return onlyTexts();
      const size: JsonObject = dimensions === undefined ? {} : { outputDimensionality: dimensions };
      requests.push(native ? { ...native, model } : { model, content: { parts: [{ text: text ?? '' }] }, ...size });
    }
    return { requests };
  },
  readAnswer(body) {
    const single = body['embedding'];
    const embeddings = single === undefined ? body['embeddings'] : [single];
    const rows = Array.isArray(embeddings) ? (embeddings as readonly Json[]) : [];
    const vectors = rows.flatMap((row) => {
      const vector = readVector(isObject(row) ? row['values'] : undefined);
      return vector ? [vector] : [];
    });
    if (vectors.length !== rows.length || rows.length === 0) return noVectors();
    const usage = usageOf(body);
    return { vectors, ...(usage && { usage }) };
  },
  encodeAnswer({ vectors, usage }, { single }) {
    const embeddings = vectors.map((values) => ({ values }));
    const tokens = usage?.buckets.input;
    const metadata: JsonObject = tokens === undefined ? {} : { usageMetadata: { promptTokenCount: tokens } };
    return single ? { embedding: embeddings[0] ?? { values: [] }, ...metadata } : { embeddings, ...metadata };
  },
};

/** The joined texts of a content; undefined when a part is something else. */
function textOf(content: JsonObject): string | undefined {
  const parts = Array.isArray(content['parts']) ? (content['parts'] as readonly Json[]) : [];
  const texts = parts.flatMap((part) => {
    const text = isObject(part) ? part['text'] : undefined;
    return typeof text === 'string' ? [text] : [];
  });
  return texts.length === parts.length && texts.length > 0 ? texts.join('\n') : undefined;
}

function usageOf(body: JsonObject): Usage | undefined {
  const metadata = fieldOf(body, 'usageMetadata');
  const tokens = isObject(metadata) ? fieldOf(metadata, 'promptTokenCount') : undefined;
  const isCount = typeof tokens === 'number' && Number.isSafeInteger(tokens) && tokens >= 0;
  return isCount ? { buckets: { input: tokens }, source: 'provider' } : undefined;
}
