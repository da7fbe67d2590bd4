import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { totalInput, totalOutput, type UsageBuckets } from '../../domain/rating/usage.ts';
import { encodeUsage } from './encode-usage.ts';
import { readPassThroughUsage } from './read-pass-through-usage.ts';
import { readUsage } from './read-usage.ts';

describe('readUsage', () => {
  it('takes cached, written, spoken and reasoned units out of their parents', () => {
    const usage = readUsage({
      prompt_tokens: 100,
      completion_tokens: 50,
      total_tokens: 150,
      prompt_tokens_details: { cached_tokens: 60, cache_write_tokens: 10, audio_tokens: 5 },
      completion_tokens_details: { reasoning_tokens: 30, audio_tokens: 4, rejected_prediction_tokens: 3 },
    });
    expect(usage).toEqual({
      buckets: { input: 25, cacheRead: 60, cacheWrite5m: 10, audioIn: 5, output: 16, reasoning: 30, audioOut: 4 },
      source: 'provider',
    });
  });

  it('[scenario 58] counts reasoning beside the completion where the total says so', () => {
    const details = { reasoning_tokens: 290 };
    const outside = { prompt_tokens: 12, completion_tokens: 1, total_tokens: 303, completion_tokens_details: details };
    expect(readUsage(outside)?.buckets).toEqual({ input: 12, output: 1, reasoning: 290 });
    const inside = { prompt_tokens: 12, completion_tokens: 300, total_tokens: 312, completion_tokens_details: details };
    expect(readUsage(inside)?.buckets).toEqual({ input: 12, output: 10, reasoning: 290 });
  });

  it.each([
    [{ cached_tokens: 4 }, { input: 6, cacheRead: 4 }],
    [
      { prompt_cache_hit_tokens: 4, prompt_cache_miss_tokens: 6 },
      { input: 6, cacheRead: 4 },
    ],
    [
      { prompt_cache_hit_tokens: 4, prompt_tokens_details: { cached_tokens: 4 } },
      { input: 6, cacheRead: 4 },
    ],
    [{ prompt_tokens_details: { cached_tokens: null } }, { input: 10 }],
    [{ prompt_tokens_details: { cached_tokens: 0 } }, { input: 10, cacheRead: 0 }],
    [{ cache_creation: { ephemeral_1h_input_tokens: 3 } }, { input: 7, cacheWrite1h: 3 }],
  ])('finds cache figures in every place: %j', (extra, buckets) => {
    expect(readUsage({ prompt_tokens: 10, completion_tokens: 1, ...extra })?.buckets).toEqual({
      ...buckets,
      output: 1,
    });
  });

  it('bills the parent and flags figures that cannot be true', () => {
    const usage = readUsage({
      prompt_tokens: 10,
      completion_tokens: 5,
      prompt_tokens_details: { cached_tokens: 11 },
      completion_tokens_details: { reasoning_tokens: -1 },
    });
    expect(usage).toEqual({ buckets: { input: 10, output: 5 }, source: 'provider', invalid: true });
    expect(readUsage({ prompt_tokens: -1, completion_tokens: 5 })).toMatchObject({
      buckets: { output: 5 },
      invalid: true,
    });
  });

  it('says nothing about a block without counts, and never mistakes null for 0', () => {
    for (const value of [null, undefined, 'x', {}, { prompt_tokens: null }, { prompt_tokens: '3' }]) {
      expect(readUsage(value)).toBeUndefined();
    }
    expect(readUsage({ prompt_tokens: 0, completion_tokens: 0 })?.buckets).toEqual({ input: 0, output: 0 });
  });

  it('reads reported costs in ticks and dollars, own keys and tiers included', () => {
    const base = { prompt_tokens: 1, completion_tokens: 1 };
    expect(readUsage({ ...base, cost_in_usd_ticks: 1_466_250 })?.reportedCostNanos).toBe(146_625n);
    expect(readUsage({ ...base, cost: 0.000151 })?.reportedCostNanos).toBe(151_000n);
    const own = { ...base, is_byok: true, cost: 0.00001, cost_details: { upstream_inference_cost: 0.0003253 } };
    expect(readUsage(own)?.reportedCostNanos).toBe(335_300n);
    expect(readUsage(base, 'flex')?.servedTier).toBe('flex');
  });

  it('adds cited pages and searches of researching hosts', () => {
    const usage = {
      prompt_tokens: 3,
      completion_tokens: 7,
      total_tokens: 10,
      citation_tokens: 20,
      reasoning_tokens: 9,
      num_search_queries: 2,
    };
    expect(readUsage(usage)?.buckets).toEqual({ input: 23, output: 7, reasoning: 9, requests: 2 });
  });

  it('is never negative and never loses a unit, whatever the figures', () => {
    const units = fc.option(fc.integer({ min: -5, max: 50 }), { nil: undefined });
    const block = fc.record({
      prompt_tokens: fc.nat(50),
      completion_tokens: fc.nat(50),
      prompt_tokens_details: fc.record({ cached_tokens: units, audio_tokens: units, cache_write_tokens: units }),
      completion_tokens_details: fc.record({ audio_tokens: units, image_tokens: units }),
    });
    fc.assert(
      fc.property(block, (usage) => {
        const buckets = readUsage(usage)?.buckets ?? {};
        for (const value of Object.values(buckets)) expect(value ?? 0).toBeGreaterThanOrEqual(0);
        expect(totalInput(buckets)).toBe(usage.prompt_tokens);
        expect(totalOutput(buckets)).toBe(usage.completion_tokens);
      }),
    );
  });

  it('reads back what encodeUsage writes', () => {
    const bucket = fc.option(fc.nat(1000), { nil: undefined });
    const buckets: fc.Arbitrary<UsageBuckets> = fc.record({
      input: fc.nat(),
      output: fc.nat(),
      cacheRead: bucket,
      cacheWrite5m: bucket,
      audioIn: bucket,
      reasoning: bucket,
      audioOut: bucket,
    });
    fc.assert(
      fc.property(buckets, (written) => {
        expect(readUsage(encodeUsage({ buckets: written, source: 'provider' }))?.buckets).toEqual(
          Object.fromEntries(Object.entries(written).filter(([, units]) => units !== undefined)),
        );
      }),
    );
  });
});

describe('readPassThroughUsage', () => {
  it.each([
    ['embeddings', { usage: { prompt_tokens: 12, total_tokens: 12 } }, { input: 12 }],
    ['embeddings', { meta: { billed_units: { input_tokens: 9 } } }, { input: 9 }],
    ['rerank', { usage: { prompt_tokens: 30, completion_tokens: 0 } }, { input: 30, output: 0 }],
    ['rerank', { usage: { total_tokens: 30 } }, { input: 30 }],
    ['rerank', { meta: { billed_units: { search_units: 1 } } }, { requests: 1 }],
    ['completions', { usage: { prompt_tokens: 3, completion_tokens: 4 } }, { input: 3, output: 4 }],
    [
      'images',
      { usage: { input_tokens: 50, output_tokens: 1000, input_tokens_details: { text_tokens: 10, image_tokens: 40 } } },
      { input: 10, imageIn: 40, imageOut: 1000 },
    ],
    ['images', { data: [{}, {}] }, { imageOut: 2 }],
    [
      'transcription',
      {
        usage: {
          type: 'tokens',
          input_tokens: 14,
          output_tokens: 5,
          input_token_details: { text_tokens: 4, audio_tokens: 10 },
        },
      },
      { input: 4, audioIn: 10, output: 5 },
    ],
    ['transcription', { usage: { type: 'duration', seconds: 6.2 } }, { audioIn: 7 }],
    [
      'transcription',
      { usage: { prompt_audio_seconds: 36, prompt_tokens: 13, completion_tokens: 151 } },
      { input: 13, audioIn: 36, output: 151 },
    ],
  ] as const)('reads %s %j', (operation, body, buckets) => {
    expect(readPassThroughUsage(operation, body)?.buckets).toEqual(buckets);
  });

  it('says nothing where nothing is reported', () => {
    for (const operation of ['embeddings', 'moderations', 'images', 'speech', 'rerank'] as const) {
      expect(readPassThroughUsage(operation, {})).toBeUndefined();
    }
  });
});
