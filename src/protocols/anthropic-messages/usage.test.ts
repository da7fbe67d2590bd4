import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { totalInput, totalOutput } from '../../domain/rating/usage.ts';
import { mergeUsage, readAnthropicUsage } from './read-usage.ts';
import { writeUsage } from './write-usage.ts';

describe('usage of the Messages dialect', () => {
  it('splits cache writes by lifetime', () => {
    const usage = readAnthropicUsage({
      input_tokens: 3,
      cache_read_input_tokens: 7,
      cache_creation_input_tokens: 30,
      cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 },
      output_tokens: 5,
    });
    expect(usage?.buckets).toEqual({ input: 3, cacheRead: 7, cacheWrite5m: 10, cacheWrite1h: 20, output: 5 });
  });

  it('lets a later total correct the split of the start', () => {
    const first = {
      cache_creation_input_tokens: 0,
      cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
    };
    const usage = readAnthropicUsage(mergeUsage(first, { cache_creation_input_tokens: 500, input_tokens: null }));
    expect(usage?.buckets).toEqual({ cacheWrite5m: 500, cacheWrite1h: 0 });
  });

  it('takes thinking out of the output, and bills the parent when the figures contradict', () => {
    expect(readAnthropicUsage({ output_tokens: 100, output_tokens_details: { thinking_tokens: 60 } })?.buckets).toEqual(
      {
        output: 40,
        reasoning: 60,
      },
    );
    expect(readAnthropicUsage({ output_tokens: 10, output_tokens_details: { thinking_tokens: 60 } })).toEqual({
      buckets: { output: 10 },
      source: 'provider',
      invalid: true,
    });
  });

  it('counts web searches as requests and names the tier that was served', () => {
    const usage = readAnthropicUsage({
      input_tokens: 0,
      server_tool_use: { web_search_requests: 2 },
      service_tier: 'priority',
    });
    expect(usage).toMatchObject({ buckets: { input: 0, requests: 2 }, servedTier: 'priority' });
    expect(readAnthropicUsage({ input_tokens: 0, speed: 'fast', service_tier: 'standard' })?.servedTier).toBe('fast');
  });

  it('adds compaction, which the totals leave out, and no other turn', () => {
    const usage = readAnthropicUsage({
      input_tokens: 10,
      output_tokens: 2,
      iterations: [
        { type: 'compaction', input_tokens: 600, output_tokens: 50 },
        { type: 'message', input_tokens: 10, output_tokens: 2 },
        { type: 'advisor_message', input_tokens: 99, output_tokens: 99 },
      ],
    });
    expect(usage?.buckets).toEqual({ input: 610, output: 52 });
  });

  it.each([undefined, null, {}, [], 'x', { input_tokens: null }, { input_tokens: -1 }])(
    'says nothing for %j',
    (wire) => {
      expect(readAnthropicUsage(wire)).toBeUndefined();
    },
  );

  it('writes what it reads: totals survive any mix of buckets', () => {
    const bucket = fc.option(fc.nat(1_000_000), { nil: undefined });
    const record = fc.record({
      input: bucket,
      cacheRead: bucket,
      cacheWrite5m: bucket,
      cacheWrite1h: bucket,
      output: bucket,
      reasoning: bucket,
      imageIn: bucket,
      audioOut: bucket,
    });
    fc.assert(
      fc.property(record, (drawn) => {
        const buckets = Object.fromEntries(Object.entries(drawn).filter(([, units]) => units !== undefined));
        const again = readAnthropicUsage(writeUsage({ buckets, source: 'provider' }))?.buckets ?? {};
        expect(totalInput(again)).toBe(totalInput(buckets));
        expect(totalOutput(again)).toBe(totalOutput(buckets));
        expect(again.cacheWrite1h ?? 0).toBe(buckets['cacheWrite1h'] ?? 0);
      }),
    );
  });
});
