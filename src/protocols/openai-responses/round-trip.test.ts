import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Completion, CompletionBlock } from '../../domain/calls/completion.ts';
import type { FinishReason } from '../../domain/calls/stream-part.ts';
import type { AnswerContext, Frame } from '../contract.ts';
import { collectCompletion, completionToParts } from '../shared/collect-completion.ts';
import { openAIResponsesInbound as inbound, openAIResponsesOutbound as outbound } from './index.ts';

let ids = 0;
const context: AnswerContext = {
  requestId: 'req_1',
  model: 'small',
  createdAtS: 7,
  wantsUsage: true,
  framing: 'sse',
  request: {},
  newId: (prefix) => `${prefix}_${++ids}`,
};

const block: fc.Arbitrary<CompletionBlock> = fc.oneof(
  fc.record({ type: fc.constant('text' as const), text: fc.string({ unit: 'binary' }) }),
  fc.record({
    type: fc.constant('reasoning' as const),
    id: fc.constantFrom('rs_a', 'rs_b'),
    text: fc.string({ unit: 'binary' }),
    encrypted: fc.constantFrom('gAAA', 'gBBB'),
    provenance: fc.constant('openai-responses'),
  }),
  fc.record({
    type: fc.constant('tool-call' as const),
    id: fc.string({ minLength: 1 }),
    name: fc.string({ minLength: 1 }),
    arguments: fc.oneof(fc.json({ maxDepth: 1 }), fc.constant('{"cut":')),
  }),
  fc.record({ type: fc.constant('media' as const), mediaType: fc.constant('image/webp'), base64: fc.constant('AAAA') }),
);

const completions: fc.Arbitrary<Completion> = fc
  .record({
    blocks: fc.array(block, { maxLength: 6 }),
    refusal: fc.option(fc.string({ minLength: 1 })),
    cut: fc.boolean(),
    usage: fc.record({
      input: fc.nat(),
      cacheRead: fc.nat(),
      cacheWrite5m: fc.nat(),
      output: fc.nat(),
      reasoning: fc.nat(),
    }),
  })
  .map(({ blocks, refusal, cut, usage }) => ({
    id: 'resp_1',
    model: 'm',
    createdAtS: 7,
    blocks: refusal === null ? blocks : [...blocks, { type: 'refusal' as const, text: refusal }],
    finish: finishOf(blocks, refusal, cut),
    usage: { source: 'provider' as const, servedTier: 'auto', buckets: usage },
  }));

function finishOf(
  blocks: readonly CompletionBlock[],
  refusal: string | null,
  cut: boolean,
): { reason: FinishReason; rawReason: string } {
  if (refusal !== null) return { reason: 'refusal', rawReason: 'completed' };
  if (cut) return { reason: 'length', rawReason: 'max_output_tokens' };
  const calls = blocks.some((candidate) => candidate.type === 'tool-call');
  return { reason: calls ? 'tool-calls' : 'stop', rawReason: 'completed' };
}

function wire(completion: Completion): Buffer {
  const encoder = inbound.openEncoder(context);
  const text = completionToParts(completion).map((part) => encoder.push(part));
  return Buffer.from(text.join('') + encoder.end());
}

function decode(bytes: Buffer, cuts: readonly number[] = []): Frame[] {
  const decoder = outbound.openDecoder();
  const frames: Frame[] = [];
  let from = 0;
  for (const cut of [...cuts.map((at) => at % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]) {
    frames.push(...decoder.push(Buffer.from(bytes.subarray(from, cut))));
    from = cut;
  }
  return [...frames, ...decoder.end()];
}

describe('encoder and decoder', () => {
  it('understand each other: what is written is read back', () => {
    fc.assert(
      fc.property(completions, (completion) => {
        const parts = decode(wire(completion)).flatMap((frame) => frame.parts);
        expect(collectCompletion(parts)).toEqual(completion);
      }),
      { numRuns: 200 },
    );
  });

  it('agree on whole answers as on streamed ones', () => {
    fc.assert(
      fc.property(completions, (completion) => {
        expect(outbound.decodeCompletion(inbound.encodeCompletion(completion, context))).toEqual(completion);
      }),
      { numRuns: 200 },
    );
  });

  it('do not depend on where the stream is split, and keep its bytes [scenario 2]', () => {
    fc.assert(
      fc.property(completions, fc.array(fc.nat()), (completion, cuts) => {
        const bytes = wire(completion);
        const frames = decode(bytes, cuts);
        expect(Buffer.concat(frames.map((frame) => frame.bytes))).toEqual(bytes);
        expect(frames.flatMap((frame) => frame.parts)).toEqual(decode(bytes).flatMap((frame) => frame.parts));
      }),
      { numRuns: 100 },
    );
  });

  it('read the same from CRLF, from lone CR, after a byte order mark and without a final newline [scenario 2]', () => {
    const completion: Completion = {
      blocks: [{ type: 'text', text: 'grüße 😀' }],
      finish: { reason: 'stop', rawReason: 'completed' },
    };
    const text = wire(completion).toString();
    const wanted = decode(Buffer.from(text)).flatMap((frame) => frame.parts);
    for (const variant of [
      text.replaceAll('\n', '\r\n'),
      text.replaceAll('\n', '\r'),
      `\uFEFF${text}`,
      text.trimEnd(),
    ]) {
      expect(decode(Buffer.from(variant)).flatMap((frame) => frame.parts)).toEqual(wanted);
    }
  });
});
