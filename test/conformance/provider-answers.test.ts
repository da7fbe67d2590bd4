import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Completion } from '../../src/domain/calls/completion.ts';
import { Fault } from '../../src/domain/faults/fault.ts';
import type { StreamPart } from '../../src/domain/calls/stream-part.ts';
import { totalInput, totalOutput, type Usage } from '../../src/domain/rating/usage.ts';
import { collectCompletion } from '../../src/protocols/index.ts';
import { type EncodedRequest, type ProviderDefinition, providerDefinitions } from '../../src/providers/index.ts';
import { callOf, endpointOf, modelsOf, registry, secret } from './provider-samples.ts';
import { malformedEvent, said, sampleAnswer, sampleStream } from './provider-wire.ts';

const cases = providerDefinitions.flatMap((definition) =>
  modelsOf(definition).map((model) => [`${definition.id} ${model}`, definition, model] as const),
);

function encoded(definition: ProviderDefinition, model: string, stream: boolean): EncodedRequest {
  const request = registry
    .getProvider(definition.id)
    ?.encode(callOf('openai-chat', { stream }), endpointOf(definition, model));
  if (request === undefined || Fault.is(request)) throw request ?? new Error('not registered');
  return request;
}

/** Parts of a stream that arrives in the given pieces. */
function decode({ openDecoder }: EncodedRequest, pieces: readonly Buffer[]): StreamPart[] {
  const decoder = openDecoder();
  const frames = [...pieces.flatMap((piece) => decoder.push(piece)), ...decoder.end()];
  return frames.flatMap(({ parts }) => parts);
}

function cut(bytes: Buffer, points: readonly number[]): Buffer[] {
  const ends = [...new Set(points.map((point) => point % (bytes.length + 1)))].toSorted((a, b) => a - b);
  return [...ends, bytes.length].map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end));
}

function expectSaid(completion: Completion | Fault, definition: ProviderDefinition): void {
  if (Fault.is(completion)) throw completion;
  const { blocks, finish, usage } = completion;
  const textOf = (type: string): string =>
    blocks.map((block) => (block.type === type && 'text' in block ? block.text : '')).join('');
  expect(textOf('text')).toBe(said.text);
  expect(textOf('reasoning')).toBe(definition.quirks?.reasoningField === undefined ? '' : said.reasoning);
  const calls = blocks.flatMap((block) => (block.type === 'tool-call' ? [block] : []));
  expect(calls.map(({ name }) => name)).toEqual([said.tool.name]);
  expect(JSON.parse(calls[0]?.arguments ?? '')).toEqual(JSON.parse(said.tool.arguments));
  expect(calls[0]?.id).toBeTruthy();
  expect(finish.reason).toBe('tool-calls');
  expectUsage(usage);
}

function expectUsage(usage: Usage | undefined): void {
  expect(usage?.source).toBe('provider');
  expect(totalInput(usage?.buckets ?? {})).toBe(said.input);
  expect(totalOutput(usage?.buckets ?? {})).toBe(said.output);
}

describe.each(cases)('an answer of %s', (_name, definition, model) => {
  const streamed = encoded(definition, model, true);
  const whole = encoded(definition, model, false);
  const bytes = sampleStream(streamed.dialect, definition.quirks);

  test('is read whole', () => {
    expectSaid(whole.decodeCompletion(sampleAnswer(whole.dialect, definition.quirks)), definition);
  });

  test('[scenario 2] is read from a stream wherever it is split', () => {
    expectSaid(collectCompletion(decode(streamed, [bytes])), definition);
    const one = collectCompletion(
      decode(
        streamed,
        Array.from(bytes, (_byte, at) => bytes.subarray(at, at + 1)),
      ),
    );
    expectSaid(one, definition);
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 8 }), (points) => {
        expectSaid(collectCompletion(decode(streamed, cut(bytes, points))), definition);
      }),
      { numRuns: 15 },
    );
  });

  test('[scenario 15] that breaks off has no finish', () => {
    const parts = decode(streamed, [bytes.subarray(0, Math.floor(bytes.length / 3))]);
    expect(parts.some((part) => part.type === 'finish')).toBe(false);
  });

  test('[scenario 28] with a malformed event becomes an error, not a crash', () => {
    const parts = decode(streamed, [malformedEvent(streamed.dialect)]);
    expect(parts).toContainEqual({ type: 'error', fault: expect.objectContaining({ code: 'upstream_malformed' }) });
  });

  test('[scenario 37] that quotes our credentials loses them in its faults', () => {
    const body = { error: { message: `bad key ${secret}`, type: 'invalid_request_error', code: 400, status: 'X' } };
    const fault = whole.decodeCompletion(body);
    expect(Fault.is(fault)).toBe(true);
    expect(JSON.stringify(fault, Object.getOwnPropertyNames(fault))).not.toContain(secret);
    const event = Buffer.from(`event: error\ndata: ${JSON.stringify({ type: 'error', ...body })}\n\n`);
    for (const part of decode(streamed, [event])) {
      const text = part.type === 'error' ? JSON.stringify({ ...part.fault, message: part.fault.message }) : '';
      expect(text).not.toContain(secret);
    }
  });
});
