import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import { embeddingsDialect } from './index.ts';
import type { EmbeddingsAnswer, EmbeddingsCall, EmbeddingsDialect } from './contract.ts';

const dialect = (id: 'openai-chat' | 'gemini'): EmbeddingsDialect => embeddingsDialect(id) ?? expect.unreachable();
const openai = dialect('openai-chat');
const gemini = dialect('gemini');
const context = { model: 'm', estimatedTokens: 7 };

function good<T>(value: T | Fault): T {
  if (Fault.is(value)) expect.unreachable(value.message);
  return value as T;
}
const parse = (from: EmbeddingsDialect, body: JsonObject): EmbeddingsCall => good(from.parseCall(body));
const read = (from: EmbeddingsDialect, body: JsonObject): EmbeddingsAnswer => good(from.readAnswer(body));
const codeOf = (value: unknown): unknown => (Fault.is(value) ? value.code : value);

describe('embeddings', () => {
  it('asked for in the OpenAI shape are asked for as a batch at Gemini, with the size that is wanted', () => {
    const call = parse(openai, { model: 'x', input: ['a', 'b'], dimensions: 256 });
    expect(gemini.encodeCall(call, 'gemini-embedding-001')).toEqual({
      requests: ['a', 'b'].map((text) => ({
        model: 'models/gemini-embedding-001',
        content: { parts: [{ text }] },
        outputDimensionality: 256,
      })),
    });
  });

  it('asked for in the Gemini shape keep every field of their requests at Gemini, but for the model', () => {
    const request = {
      model: 'models/ours',
      content: { parts: [{ inlineData: { data: 'AA' } }] },
      taskType: 'CLUSTERING',
    };
    const call = parse(gemini, { requests: [request, request] });
    const sent = { ...request, model: 'models/theirs' };
    expect(gemini.encodeCall(call, 'models/theirs')).toEqual({ requests: [sent, sent] });
  });

  it('asked for in the Gemini shape are texts in the OpenAI shape', () => {
    const content = { parts: [{ text: 'first' }, { text: 'second' }] };
    const call = parse(gemini, { content, output_dimensionality: 8 });
    expect(openai.encodeCall(call, 'text-embedding-3-small')).toEqual({
      model: 'text-embedding-3-small',
      input: ['first\nsecond'],
      dimensions: 8,
    });
  });

  it('of what is no text are refused before any call where the other dialect has no words for it', () => {
    const image = parse(gemini, { content: { parts: [{ inlineData: { data: 'AA' } }] } });
    expect(codeOf(openai.encodeCall(image, 'm'))).toBe('unsupported_feature');
    for (const input of [
      [1, 2, 3],
      [[1, 2], [3]],
    ])
      expect(codeOf(gemini.encodeCall(parse(openai, { input }), 'm'))).toBe('unsupported_feature');
  });

  it.each([
    [openai, {}],
    [openai, { input: [] }],
    [openai, { input: 'a', dimensions: 'many' }],
    [gemini, {}],
    [gemini, { requests: [] }],
    [gemini, { requests: [{ content: 'a' }] }],
  ])('that are asked for wrongly are refused with the field', (from, body) => {
    const fault = from.parseCall(body as JsonObject);
    expect(fault).toMatchObject({ code: 'invalid_request' });
  });

  it.each([
    [openai, { data: [] }],
    [openai, { data: [{ embedding: 'AAA' }] }],
    [openai, { data: [{ index: 3, embedding: [1] }] }],
    [gemini, { embeddings: [{ values: ['a'] }] }],
    [gemini, {}],
  ])('that an upstream garbles are told as malformed', (from, body) => {
    expect(codeOf(from.readAnswer(body as JsonObject))).toBe('upstream_malformed');
  });

  it('come back in order, whatever the order of the answer, and say the tokens they took', () => {
    const answer = read(openai, {
      data: [
        { index: 1, embedding: [3] },
        { index: 0, embedding: [1, 2] },
      ],
      usage: { prompt_tokens: 4, total_tokens: 4 },
    });
    expect(answer.vectors).toEqual([[1, 2], [3]]);
    expect(answer.usage).toMatchObject({ buckets: { input: 4 }, source: 'provider' });
    const asked = parse(gemini, { requests: [{ content: { parts: [{ text: 'a' }] } }] });
    expect(gemini.encodeAnswer(answer, asked, context)).toMatchObject({ usageMetadata: { promptTokenCount: 4 } });
  });

  it('for one content come back as one embedding', () => {
    const asked = parse(gemini, { content: { parts: [{ text: 'a' }] } });
    expect(gemini.encodeAnswer({ vectors: [[1]] }, asked, context)).toEqual({ embedding: { values: [1] } });
  });

  it('say the estimate where the dialect wants a figure and the upstream has none', () => {
    const body = openai.encodeAnswer({ vectors: [[1]] }, parse(openai, { input: 'a' }), context);
    expect(body['usage']).toEqual({ prompt_tokens: 7, total_tokens: 7 });
  });

  it('are the same vectors after base64 and back, for any numbers of 32 bits', () => {
    const float = fc.float({ noNaN: true, noDefaultInfinity: true });
    const vectors = fc.array(fc.array(float, { minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(vectors, fc.boolean(), (given, base64) => {
        const asked = parse(openai, { input: 'a', encoding_format: base64 ? 'base64' : 'float' });
        const told = openai.encodeAnswer({ vectors: given }, asked, context);
        expect(read(openai, told).vectors).toEqual(given);
      }),
      { numRuns: 100 },
    );
  });
});
