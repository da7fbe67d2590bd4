import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Completion, CompletionBlock } from '../../domain/calls/completion.ts';
import { Fault } from '../../domain/faults/fault.ts';
import { collectCompletion, CompletionCollector, completionToParts } from './collect-completion.ts';

const text = fc.string({ unit: 'grapheme' });
const block: fc.Arbitrary<CompletionBlock> = fc.oneof(
  fc.record({ type: fc.constant('text' as const), text }),
  fc.record({ type: fc.constant('refusal' as const), text }),
  fc.record(
    { type: fc.constant('reasoning' as const), text, signature: text, id: text },
    { requiredKeys: ['type', 'text'] },
  ),
  fc.record(
    { type: fc.constant('tool-call' as const), id: text, name: text, arguments: text, signature: text },
    { requiredKeys: ['type', 'id', 'name', 'arguments'] },
  ),
  fc.record({ type: fc.constant('media' as const), mediaType: text, base64: fc.base64String() }),
  fc.record({ type: fc.constant('source' as const), url: text, title: text }, { requiredKeys: ['type', 'url'] }),
);

const completion: fc.Arbitrary<Completion> = fc.record(
  {
    id: text,
    model: text,
    createdAtS: fc.nat(),
    blocks: fc.array(block, { maxLength: 8 }),
    finish: fc.record({ reason: fc.constantFrom('stop' as const, 'length' as const), rawReason: text }),
    usage: fc.constant({ buckets: { input: 3, output: 0 }, source: 'provider' as const }),
  },
  { requiredKeys: ['blocks', 'finish'] },
);

describe('collectCompletion', () => {
  it('gives back every completion that was played as parts', () => {
    fc.assert(
      fc.property(completion, (whole) => {
        expect(collectCompletion(completionToParts(whole))).toEqual(whole);
      }),
    );
  });

  it('keeps interleaved blocks apart and in order of appearance', () => {
    const collected = collectCompletion([
      { type: 'tool-call-start', index: 0, id: 'a', name: 'f' },
      { type: 'tool-call-start', index: 1, id: 'b', name: 'g' },
      { type: 'tool-call-delta', index: 1, arguments: '{"x"' },
      { type: 'tool-call-delta', index: 0, arguments: '{}' },
      { type: 'tool-call-delta', index: 1, arguments: ':1}' },
      { type: 'finish', reason: 'tool-calls' },
    ]);
    expect(collected).toMatchObject({
      blocks: [
        { id: 'a', arguments: '{}' },
        { id: 'b', arguments: '{"x":1}' },
      ],
    });
  });

  it('joins the pieces of spoken media, padded or not', () => {
    const pieces = ['a', 'bcd', 'ef'].map((piece) => Buffer.from(piece).toString('base64'));
    const collected = collectCompletion([
      ...pieces.map((base64) => ({
        type: 'media' as const,
        index: 0,
        mediaType: 'audio/wav',
        base64,
        transcript: 'x',
      })),
      { type: 'finish', reason: 'stop' },
    ]);
    const joined = Buffer.from('abcdef').toString('base64');
    expect(collected).toMatchObject({ blocks: [{ base64: joined, transcript: 'xxx' }] });
  });

  it('replaces usage instead of adding it', () => {
    const collector = new CompletionCollector();
    collector.push({ type: 'usage', usage: { buckets: { input: 43 }, source: 'provider' } });
    collector.push({ type: 'usage', usage: { buckets: { input: 61 }, source: 'provider' } });
    expect(collector.partial().usage?.buckets).toEqual({ input: 61 });
  });

  it('calls a stream without finish truncated and keeps what arrived', () => {
    const collector = new CompletionCollector();
    collector.push({ type: 'text-delta', index: 0, text: 'half' });
    expect(collector.completion()).toMatchObject({ code: 'truncated' });
    expect(collector.partial().blocks).toEqual([{ type: 'text', text: 'half' }]);
  });

  it('returns the fault of a failed stream', () => {
    const fault = new Fault('upstream_overloaded');
    expect(
      collectCompletion([
        { type: 'error', fault },
        { type: 'finish', reason: 'stop' },
      ]),
    ).toBe(fault);
  });
});

describe('an answer that is too long to be kept', () => {
  const delta = (index: number, value: string) => ({ type: 'text-delta' as const, index, text: value });

  it.each([
    [
      'text',
      (collector: CompletionCollector) => {
        for (let count = 0; count < 20; count++) collector.push(delta(0, 'x'.repeat(10)));
      },
    ],
    [
      'blocks',
      (collector: CompletionCollector) => {
        for (let count = 0; count < 20; count++) collector.push(delta(count, 'x'));
      },
    ],
  ])('by its %s is dropped, and is no whole answer', (_name, fill) => {
    const collector = new CompletionCollector({ maxLength: 100, maxBlocks: 10 });
    fill(collector);
    collector.push({ type: 'finish', reason: 'stop' });
    expect(collector.partial().blocks).toEqual([]);
    expect(Fault.is(collector.completion())).toBe(true);
  });
});
