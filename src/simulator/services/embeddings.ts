import { createHash } from 'node:crypto';
import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import { asList, asNumber, asObject } from '../json.ts';
import { flattenContent } from '../answers/prompt.ts';
import { countTokens } from '../answers/text.ts';
import type { ServiceAnswer, ServiceCall } from './service.ts';
import { okJson } from './service.ts';

const defaultDimensions = 8;
const maxDimensions = 4096;

/** OpenAI embeddings: unit vectors made from a hash of the text, so equal texts are equal. */
export function answerEmbeddings(call: ServiceCall): ServiceAnswer {
  const inputs = readInputs(call.body['input']);
  const dimensions = Math.min(maxDimensions, asNumber(call.body['dimensions']) ?? defaultDimensions);
  const isBase64 = call.body['encoding_format'] === 'base64';
  const tokens = inputs.reduce((sum, text) => sum + countTokens(text), 0);
  const data = inputs.map((text, index) => {
    const vector = embed(text, dimensions);
    return { object: 'embedding', index, embedding: isBase64 ? toBase64(vector) : vector };
  });
  const usage = { prompt_tokens: tokens, total_tokens: tokens };
  return okJson({ object: 'list', data, model: call.model, usage });
}

/** Gemini embedContent and batchEmbedContents. */
export function answerGeminiEmbeddings(call: ServiceCall): ServiceAnswer {
  const vectorOf = (request: JsonObject): JsonObject => {
    const text = flattenContent(asObject(request['content'])['parts']);
    return { values: embed(text, asNumber(request['outputDimensionality']) ?? defaultDimensions) };
  };
  if (call.tail === 'embedContent') return okJson({ embedding: vectorOf(call.body) });
  return okJson({ embeddings: asList(call.body['requests']).map((request) => vectorOf(asObject(request))) });
}

function readInputs(input: Json | undefined): string[] {
  if (typeof input === 'string') return [input];
  const list = asList(input);
  return list.every((item) => typeof item === 'number') ? [list.join(' ')] : list.map((item) => flattenContent(item));
}

function embed(text: string, dimensions: number): number[] {
  const numbers: number[] = [];
  for (let block = 0; numbers.length < dimensions; block += 1) {
    const digest = createHash('sha256').update(`${block}\n${text}`).digest();
    for (let at = 0; at < digest.length && numbers.length < dimensions; at += 4) {
      numbers.push(digest.readInt32LE(at) / 0x8000_0000);
    }
  }
  const length = Math.hypot(...numbers) || 1;
  return numbers.map((value) => Math.fround(value / length));
}

function toBase64(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [at, value] of vector.entries()) bytes.writeFloatLE(value, at * 4);
  return bytes.toString('base64');
}
