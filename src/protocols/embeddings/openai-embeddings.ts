import type { Json } from '../../domain/calls/model-call.ts';
import { readPassThroughUsage } from '../openai-chat/read-pass-through-usage.ts';
import { FieldReader, invalidField, isObject } from '../shared/field-reader.ts';
import type { EmbeddingsDialect, EmbeddingsInput } from './contract.ts';
import { noVectors, onlyTexts } from './embeddings-faults.ts';
import { readVector } from './read-vector.ts';

/** `POST /embeddings` as OpenAI and the hosts that follow it speak it. */
export const openaiEmbeddings: EmbeddingsDialect = {
  parseCall(body) {
    const reader = new FieldReader(body);
    const dimensions = reader.number('dimensions');
    const format = reader.string('encoding_format');
    if (reader.fault) return reader.fault;
    const inputs = readInputs(body['input']);
    if (inputs.length === 0) return invalidField('/input', 'must be a text or a list of texts');
    return { inputs, base64: format === 'base64', single: false, ...(dimensions !== undefined && { dimensions }) };
  },
  encodeCall({ inputs, dimensions }, upstreamModel) {
    const texts = inputs.flatMap(({ text }) => text ?? []);
    if (texts.length < inputs.length) return onlyTexts();
    return { model: upstreamModel, input: texts, ...(dimensions !== undefined && { dimensions }) };
  },
  readAnswer(body) {
    const rows = Array.isArray(body['data']) ? (body['data'] as readonly Json[]) : [];
    const vectors: (readonly number[])[] = [];
    for (const [place, row] of rows.entries()) {
      const { index, embedding } = isObject(row) ? row : {};
      const vector = readVector(embedding);
      if (!vector) return noVectors();
      vectors[typeof index === 'number' ? index : place] = vector;
    }
    if (vectors.length !== rows.length || rows.length === 0) return noVectors();
    const usage = readPassThroughUsage('embeddings', body);
    return { vectors, ...(usage && { usage }) };
  },
  encodeAnswer({ vectors, usage }, { base64 }, { model, estimatedTokens }) {
    const tokens = usage?.buckets.input ?? estimatedTokens;
    const data = vectors.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: base64 ? toBase64(vector) : vector,
    }));
    return { object: 'list', data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } };
  },
};

/** A list of numbers is one input in tokens, a list of lists several. */
function readInputs(input: Json | undefined): readonly EmbeddingsInput[] {
  if (typeof input === 'string') return [{ text: input }];
  if (!Array.isArray(input) || input.length === 0) return [];
  const list = input as readonly Json[];
  if (typeof list[0] === 'number') return [{}];
  return list.map((item) => (typeof item === 'string' ? { text: item } : {}));
}

function toBase64(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [at, value] of vector.entries()) bytes.writeFloatLE(value, at * 4);
  return bytes.toString('base64');
}
