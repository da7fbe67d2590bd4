import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { totalInput, totalOutput } from '../../domain/rating/usage.ts';
import { readUsageMetadata, writeUsageMetadata } from './usage-metadata.ts';

describe('Gemini usage metadata', () => {
  it('[scenario 58] adds thoughts and tool results, which Gemini counts outside candidates and prompt', () => {
    const usage = readUsageMetadata({
      promptTokenCount: 17,
      toolUsePromptTokenCount: 119,
      candidatesTokenCount: 201,
      thoughtsTokenCount: 213,
      totalTokenCount: 550,
      serviceTier: 'flex',
    });
    expect(usage).toEqual({
      buckets: { input: 136, output: 201, reasoning: 213 },
      source: 'provider',
      servedTier: 'flex',
    });
  });

  it('takes cached tokens out of the prompt, once, modality by modality', () => {
    const usage = readUsageMetadata({
      promptTokenCount: 3297,
      cachedContentTokenCount: 2918,
      candidatesTokenCount: 55,
      promptTokensDetails: [
        { modality: 'TEXT', tokenCount: 83 },
        { modality: 'VIDEO', tokenCount: 2893 },
        { modality: 'AUDIO', tokenCount: 321 },
      ],
      cacheTokensDetails: [
        { modality: 'AUDIO', tokenCount: 284 },
        { modality: 'TEXT', tokenCount: 73 },
        { modality: 'VIDEO', tokenCount: 2561 },
      ],
    });
    expect(usage?.buckets).toEqual({ input: 10, cacheRead: 2918, audioIn: 37, videoIn: 332, output: 55 });
    expect(totalInput(usage?.buckets ?? {})).toBe(3297);
  });

  it('bills the parent when the figures contradict each other', () => {
    const usage = readUsageMetadata({ promptTokenCount: 5, cachedContentTokenCount: 9, candidatesTokenCount: 1 });
    expect(usage).toMatchObject({ buckets: { input: 5, output: 1 }, invalid: true });
  });

  it('knows nothing while only the traffic type is told', () => {
    expect(readUsageMetadata({ trafficType: 'PROVISIONED_THROUGHPUT' })).toBeUndefined();
  });

  it('is disjoint: the buckets always add up to the total, and survive being written and read again', () => {
    const count = fc.nat(100_000);
    fc.assert(
      fc.property(
        fc.record({ text: count, audio: count, image: count, cached: count, out: count, thoughts: count }),
        (n) => {
          const cachedContentTokenCount = Math.min(n.cached, n.text);
          const prompt = n.text + n.audio + n.image;
          const usage = readUsageMetadata({
            promptTokenCount: prompt,
            cachedContentTokenCount,
            candidatesTokenCount: n.out,
            thoughtsTokenCount: n.thoughts,
            promptTokensDetails: [
              { modality: 'TEXT', tokenCount: n.text },
              { modality: 'AUDIO', tokenCount: n.audio },
              { modality: 'IMAGE', tokenCount: n.image },
            ],
          });
          if (usage === undefined) throw new Error('no usage');
          expect(totalInput(usage.buckets)).toBe(prompt);
          expect(totalOutput(usage.buckets)).toBe(n.out + n.thoughts);
          expect(readUsageMetadata(writeUsageMetadata(usage))?.buckets).toEqual(usage.buckets);
        },
      ),
    );
  });
});
