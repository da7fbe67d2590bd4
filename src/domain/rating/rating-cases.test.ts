import { describe, expect, it } from 'vitest';
import { readAnthropicUsage, mergeUsage } from '../../protocols/anthropic-messages/read-usage.ts';
import { readUsageMetadata } from '../../protocols/gemini/usage-metadata.ts';
import { readUsage } from '../../protocols/openai-chat/read-usage.ts';
import { estimateCostNanos, missingPrices } from './estimate-cost.ts';
import { parsePricePerMillion, parseRatioAsPpm, parseUnitPrice, shareOfNanos } from '../money/money.ts';
import type { JsonObject } from '../calls/model-call.ts';
import type { BucketPrices, Price, PriceCondition } from './price.ts';
import { rate, type RatingContext } from './rating.ts';
import type { Usage, UsageBucket, UsageBuckets } from './usage.ts';

type Texts = { readonly [Bucket in UsageBucket]?: string };

/** USD per million as people write it. */
function usd(texts: Texts): BucketPrices {
  return Object.fromEntries(
    Object.entries(texts).map(([bucket, text]) => [bucket, parsePricePerMillion(text)?.picosPerToken ?? -1n]),
  );
}

function priceOf(texts: Texts, more: Partial<Price> = {}): Price {
  return { versionId: 'v1', picosPerUnit: usd(texts), ...more };
}

function when(condition: PriceCondition, texts: Texts): { when: PriceCondition; picosPerUnit: BucketPrices } {
  return { when: condition, picosPerUnit: usd(texts) };
}

function used(buckets: UsageBuckets, more: Partial<Usage> = {}): Usage {
  return { buckets, source: 'provider', ...more };
}

function costOf(usage: Usage | undefined, price: Price | undefined, context?: RatingContext): bigint | null {
  if (usage === undefined) throw new Error('no usage was read');
  return rate(usage, price, context).costNanos;
}

const minuteMs = 60_000;
const halfPastMidnightMs = 30 * minuteMs;
const halfPastFourMs = (16 * 60 + 30) * minuteMs;
const at = (time: string): RatingContext => ({ startedAtMs: Date.parse(`2026-03-01T${time}Z`) });

const a = priceOf(
  { input: '2.5', cacheRead: '1.25', output: '10', audioIn: '40', audioOut: '80' },
  { rules: [when({ serviceTier: 'priority' }, { input: '4.25', output: '17' })], batchRatioPpm: 500_000n },
);
const b = priceOf({ input: '3', cacheRead: '0.3', cacheWrite5m: '3.75', cacheWrite1h: '6', output: '15' });
const longContext = when({ minTotalInputGt: 200_000 }, { input: '2.5', cacheRead: '0.25', output: '15' });
const c = priceOf({ input: '1.25', cacheRead: '0.125', output: '10' }, { rules: [longContext] });
const d = priceOf(
  { input: '0.03', output: '0.13' },
  {
    rules: [
      when({ minTotalInputGt: 32_000 }, { input: '0.10', output: '0.40' }),
      when({ minTotalInputGt: 256_000 }, { input: '0.20', output: '0.80' }),
    ],
  },
);
const daytime = { utcStartMs: halfPastMidnightMs, utcEndMs: halfPastFourMs };
const e = priceOf({ input: '0.135', output: '0.55' }, { rules: [when(daytime, { input: '0.27', output: '1.10' })] });

describe('usage of each dialect', () => {
  const openai = { prompt_tokens: 1000, completion_tokens: 300, prompt_tokens_details: { cached_tokens: 200 } };

  it('[money 1] of the OpenAI dialect has cached units inside the prompt', () => {
    expect(costOf(readUsage(openai), a)).toBe(5_250_000n);
  });

  it('[money 2] [scenario 59] of the Anthropic dialect has disjoint cache units', () => {
    const usage = readAnthropicUsage({
      input_tokens: 50,
      cache_read_input_tokens: 2000,
      cache_creation: { ephemeral_5m_input_tokens: 1000, ephemeral_1h_input_tokens: 500 },
      output_tokens: 400,
    });
    expect(costOf(usage, b)).toBe(13_500_000n);
  });

  it('[money 3] of the Gemini dialect has thoughts outside the candidates, billed as output', () => {
    const usage = readUsageMetadata({ promptTokenCount: 1000, candidatesTokenCount: 200, thoughtsTokenCount: 500 });
    expect(costOf(usage, c)).toBe(8_250_000n);
  });

  it('[money 4] with reasoning inside the output costs the same when reasoning has no price of its own', () => {
    const usage = readUsage({ ...openai, completion_tokens_details: { reasoning_tokens: 200 } });
    expect(usage?.buckets).toMatchObject({ output: 100, reasoning: 200 });
    expect(costOf(usage, a)).toBe(5_250_000n);
  });

  it('[money 5] bills reasoning at its own price', () => {
    const price = priceOf({ input: '0.4', output: '2', reasoning: '6' });
    expect(costOf(used({ input: 500, output: 100, reasoning: 900 }), price)).toBe(5_800_000n);
  });

  it('[money 17] keeps sound apart from text in both directions', () => {
    const usage = readUsage({
      prompt_tokens: 500,
      completion_tokens: 200,
      prompt_tokens_details: { audio_tokens: 400 },
      completion_tokens_details: { audio_tokens: 150 },
    });
    expect(costOf(usage, a)).toBe(28_750_000n);
  });

  it('[money 24] that contradicts itself is flagged and billed at the parent', () => {
    const usage = readUsage({ prompt_tokens: 100, prompt_tokens_details: { cached_tokens: 150 } });
    expect(usage?.invalid).toBe(true);
    expect(costOf(usage, a)).toBe(250_000n);
  });

  it('[money 31] that is reported cumulatively replaces what came before', () => {
    const reports: JsonObject[] = [
      { input_tokens: 10, output_tokens: 1 },
      { output_tokens: 25 },
      { output_tokens: 40 },
    ];
    expect(
      readAnthropicUsage(reports.reduce<JsonObject>((earlier, later) => mergeUsage(earlier, later), {}))?.buckets
        .output,
    ).toBe(40);
  });
});

describe('cached units', () => {
  const usage = used({ input: 600, cacheRead: 400, output: 100 });

  it('[money 6] without a price of their own cost what input costs, and it is said', () => {
    const rated = rate(usage, priceOf({ input: '0.4', output: '1.6' }));
    expect(rated).toMatchObject({ costNanos: 560_000n, isAssumed: true });
  });

  it('[money 7] with an explicit price of 0 are free, and nothing is assumed', () => {
    const rated = rate(usage, priceOf({ input: '0.4', output: '1.6', cacheRead: '0' }));
    expect(rated).toMatchObject({ costNanos: 400_000n, isAssumed: false });
  });
});

describe('context tiers', () => {
  it('[money 8] begin strictly above their threshold', () => {
    expect(costOf(used({ input: 200_000, output: 1000 }), c)).toBe(260_000_000n);
  });

  it('[money 9] price everything once they are reached, output as well', () => {
    expect(costOf(used({ input: 200_001, output: 1000 }), c)).toBe(515_002_500n);
  });

  it('[money 10] that are marginal price the rest of the input only', () => {
    const marginal = { ...c, tierMode: 'marginal' as const };
    expect(costOf(used({ input: 200_001, output: 1000 }), marginal)).toBe(260_002_500n);
  });

  it('[money 11] count cached units towards the threshold', () => {
    expect(costOf(used({ input: 150_000, cacheRead: 60_000, output: 1000 }), c)).toBe(405_000_000n);
  });

  it('[money 12] follow one another', () => {
    const costs = [32_000, 32_001, 256_001].map((input) => costOf(used({ input, output: 500 }), d));
    expect(costs).toEqual([1_025_000n, 3_400_100n, 51_600_200n]);
  });
});

describe('how a call was served', () => {
  it('[money 13] as a batch costs its ratio on everything', () => {
    const usage = used({ input: 10_000, output: 2000 });
    expect(costOf(usage, a, { startedAtMs: 0, batch: true })).toBe(22_500_000n);
    expect(costOf({ ...usage, servedTier: 'batch' }, a)).toBe(22_500_000n);
  });

  it('[money 14] decides its tier, not what was asked for', () => {
    const buckets = { input: 1000, output: 100 };
    expect(costOf(used(buckets, { servedTier: 'default' }), a)).toBe(3_500_000n);
    expect(costOf(used(buckets, { servedTier: 'priority' }), a)).toBe(5_950_000n);
  });

  it('[money 15] in a window of the day is decided by half-open bounds', () => {
    const usage = used({ input: 1000, output: 1000 });
    const costs = ['16:29:59.999', '16:30:00.000', '00:30:00.000'].map((time) => costOf(usage, e, at(time)));
    expect(costs).toEqual([1_370_000n, 685_000n, 1_370_000n]);
  });

  it('[money 16] is decided by its start, whenever it ends', () => {
    expect(costOf(used({ input: 1000, output: 1000 }), e, at('00:29:59'))).toBe(685_000n);
  });
});

describe('what is charged by the piece', () => {
  it('[money 18] is added: searches and images', () => {
    const price = { ...a, picosPerUnit: { ...a.picosPerUnit, ...usd({ requests: '10000', imageOut: '40000' }) } };
    const base = costOf(used({ input: 1000 }), price) ?? 0n;
    expect(costOf(used({ input: 1000, requests: 2 }), price)).toBe(base + 20_000_000n);
    expect(costOf(used({ input: 1000, imageOut: 1 }), price)).toBe(base + 40_000_000n);
  });

  it('[money 19] is machine time by the millisecond', () => {
    const price = { versionId: 'v', picosPerUnit: { computeMs: 50_000n } };
    expect(costOf(used({ computeMs: 2500 }), price)).toBe(125_000n);
  });
});

describe('rounding', () => {
  const perToken = (picos: bigint): Price => ({ versionId: 'v', picosPerUnit: { input: picos } });

  it('[money 20] sends halves to the even neighbour', () => {
    const costs = [500n, 1500n, 2500n].map((picos) => costOf(used({ input: 1 }), perToken(picos)));
    expect(costs).toEqual([0n, 2n, 2n]);
  });

  it('[money 21] happens once, at the end', () => {
    expect(costOf(used({ input: 3 }), perToken(2800n))).toBe(8n);
    expect(costOf(used({ input: 1_000_001 }), perToken(2800n))).toBe(2_800_003n);
  });

  it('[money 22] comes after the ratio of a contract', () => {
    const contract = { versionId: 'k1', ratioPpm: parseRatioAsPpm('0.85') ?? 0n };
    const rated = rate(used({ input: 1234, output: 567 }), b, { startedAtMs: 0, contract });
    expect(rated).toMatchObject({ costNanos: 10_375_950n, contractVersionId: 'k1' });
  });
});

describe('which figure counts', () => {
  it("[money 23] is the provider's, even when it is nothing at all", () => {
    const rated = rate(used({ input: 0, output: 0 }, { reportedCostNanos: 0n }), a);
    expect(rated).toMatchObject({ costNanos: 0n, costSource: 'reported' });
  });

  it("[money 25] is the provider's cost, with the computed one beside it", () => {
    const usage = readUsage({ prompt_tokens: 1000, completion_tokens: 100, cost: 0.0123 });
    if (usage === undefined) throw new Error('no usage was read');
    expect(rate(usage, a)).toMatchObject({
      costNanos: 12_300_000n,
      costSource: 'reported',
      reportedCostNanos: 12_300_000n,
      computedCostNanos: 3_500_000n,
    });
  });

  it('is known although the price is not, when the provider says it', () => {
    const rated = rate(used({ input: 5 }, { reportedCostNanos: 7n }), undefined);
    expect(rated).toMatchObject({ costNanos: 7n, computedCostNanos: null });
  });

  it('[money 26] is none without a price: unknown, never 0, and no hold can be made', () => {
    const rated = rate(used({ input: 1000, output: 100 }), undefined);
    expect(rated).toMatchObject({ costNanos: null, unpriced: ['input', 'output'], priceVersionId: undefined });
    expect(estimateCostNanos({ inputTokens: 1, outputTokens: 1 }, undefined, { startedAtMs: 0 })).toBeNull();
  });

  it('[money 27] is none for sound without a price: the call is stopped before it is made', () => {
    const work = { inputTokens: 1, outputTokens: 1, needs: ['audioIn'] as const };
    expect(missingPrices(work.needs, b)).toEqual(['audioIn']);
    expect(missingPrices(work.needs, a)).toEqual([]);
    expect(estimateCostNanos(work, b, { startedAtMs: 0 })).toBeNull();
  });

  it('[money 28] saved by the cache is what the original usage would cost; a share of it is charged', () => {
    const savedNanos = costOf(used({ input: 800, cacheRead: 200, output: 300 }), a) ?? 0n;
    expect(savedNanos).toBe(5_250_000n);
    expect(shareOfNanos(savedNanos, 250_000n)).toBe(1_312_500n);
  });

  it('[money 29] is counted for every attempt, the cut one too', () => {
    const cut = costOf(used({ input: 1000, output: 120 }, { source: 'estimated' }), b);
    const answered = costOf(used({ input: 1000, output: 400 }), priceOf({ input: '0.25', output: '1.25' }));
    expect([cut, answered]).toEqual([4_800_000n, 750_000n]);
  });
});

describe('prices of catalogs', () => {
  it('[money 32] are snapped to the nearest pico', () => {
    expect(parseUnitPrice('0.0000006000000000000001', 'usdPerUnit')).toEqual({ picosPerUnit: 600_000n, exact: false });
  });

  it('[money 33] that have no exact pico are marked', () => {
    expect(parseUnitPrice('0.00000008333333333333334', 'usdPerUnit')).toEqual({ picosPerUnit: 83_333n, exact: false });
    expect(parseUnitPrice('0.25599999', 'usdPerMillion')).toEqual({ picosPerUnit: 256_000n, exact: false });
  });

  it('[money 34] of -1 are dynamic, and other negative ones are no prices', () => {
    expect(parseUnitPrice('-1', 'usdPerUnit')).toBe('dynamic');
    expect(parseUnitPrice('-0.5', 'usdPerUnit')).toBeUndefined();
  });

  it('[money 35] may be cents per token', () => {
    expect(parseUnitPrice('0.001', 'centsPerUnit')).toEqual({ picosPerUnit: 10_000_000n, exact: true });
  });

  it('[money 39] add up exactly over a day of traffic', () => {
    const conversation = used({ input: 22_361_870, output: 4_088_665 });
    const code = used({ input: 18_059_974, output: 245_896 });
    expect(costOf(conversation, priceOf({ input: '0.4', output: '2.0' }))).toBe(17_122_078_000n);
    expect(costOf(conversation, priceOf({ input: '1.5', output: '7.5' }))).toBe(64_207_792_500n);
    expect(costOf(conversation, priceOf({ input: '3', output: '15' }))).toBe(128_415_585_000n);
    expect(costOf(code, priceOf({ input: '3', output: '15' }))).toBe(57_868_362_000n);
  });

  it('[money 40] make the hold of a call that has not been made', () => {
    const hold = estimateCostNanos({ inputTokens: 1200, outputTokens: 4096 }, b, { startedAtMs: 0 });
    expect(hold).toBe(65_040_000n);
    expect(costOf(used({ input: 1187, output: 212 }), b)).toBe(6_741_000n);
  });
});
