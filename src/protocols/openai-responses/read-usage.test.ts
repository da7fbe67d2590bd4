import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { totalInput, totalOutput } from '../../domain/rating/usage.ts';
import { readUsage } from './read-usage.ts';
import { writeUsage } from './response-object.ts';

const count = fc.nat({ max: 10_000_000 });

describe('readUsage', () => {
  it('takes cached tokens out of the input and reasoning out of the output', () => {
    const usage = {
      input_tokens: 100,
      input_tokens_details: { cached_tokens: 60, cache_write_tokens: 10 },
      output_tokens: 50,
      output_tokens_details: { reasoning_tokens: 30 },
      total_tokens: 150,
    };
    expect(readUsage({ usage })?.buckets).toEqual({
      input: 30,
      cacheRead: 60,
      cacheWrite5m: 10,
      output: 20,
      reasoning: 30,
    });
  });

  it('leaves reasoning beside the output when the total says it is there [scenario 58]', () => {
    const usage = {
      input_tokens: 12,
      output_tokens: 1,
      output_tokens_details: { reasoning_tokens: 290 },
      total_tokens: 303,
    };
    expect(readUsage({ usage })).toMatchObject({ buckets: { input: 12, output: 1, reasoning: 290 } });
  });

  it('bills the parent and flags figures that contradict each other', () => {
    const usage = { input_tokens: 5, input_tokens_details: { cached_tokens: 9 }, output_tokens: 1 };
    expect(readUsage({ usage })).toEqual({ buckets: { input: 5, output: 1 }, source: 'provider', invalid: true });
  });

  it('tells an explicit zero from silence', () => {
    const usage = { input_tokens: 1, input_tokens_details: { cached_tokens: 0 }, output_tokens: 1 };
    expect(readUsage({ usage })?.buckets).toEqual({ input: 1, cacheRead: 0, output: 1 });
    expect(readUsage({ usage: null })).toBeUndefined();
  });

  it('counts searches, reads the served tier and the cost a host reports', () => {
    const search = { type: 'web_search_call', status: 'completed', action: { type: 'search' } };
    const open = { type: 'web_search_call', status: 'completed', action: { type: 'open_page' } };
    const usage = { input_tokens: 1, output_tokens: 1 };
    const response = { service_tier: 'flex', output: [search, open, search] };
    expect(readUsage({ ...response, usage })).toMatchObject({ buckets: { requests: 2 }, servedTier: 'flex' });
    const ticks = { ...usage, cost_in_usd_ticks: 123_456 };
    expect(readUsage({ usage: ticks })?.reportedCostNanos).toBe(12_345n);
    expect(readUsage({ usage: { ...usage, cost: 0.025265 } })?.reportedCostNanos).toBe(25_265_000n);
  });

  it('loses no token: the buckets add up to what was reported', () => {
    fc.assert(
      fc.property(fc.tuple(count, count, count, count), ([input, cached, output, reasoning]) => {
        const usage = {
          input_tokens: input + cached,
          input_tokens_details: { cached_tokens: cached },
          output_tokens: output + reasoning,
          output_tokens_details: { reasoning_tokens: reasoning },
          total_tokens: input + cached + output + reasoning,
        };
        const read = readUsage({ usage });
        expect(totalInput(read?.buckets ?? {})).toBe(input + cached);
        expect(totalOutput(read?.buckets ?? {})).toBe(output + reasoning);
        expect(read && writeUsage(read)).toMatchObject(usage);
      }),
    );
  });
});
