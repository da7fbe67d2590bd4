import { describe, expect, it } from 'vitest';
import { parseScaled } from '../../src/domain/money/money.ts';
import type { JsonObject } from '../../src/domain/calls/model-call.ts';
import type { PriceTerms } from '../../src/domain/rating/price.ts';
import { rate, type RatingLine } from '../../src/domain/rating/rating.ts';
import { totalInput, totalOutput, type Usage, type UsageBuckets } from '../../src/domain/rating/usage.ts';
import { readAnthropicUsage } from '../../src/protocols/anthropic-messages/read-usage.ts';
import { readTokenUsage } from '../../src/protocols/bedrock-converse/token-usage.ts';
import { readUsageMetadata } from '../../src/protocols/gemini/usage-metadata.ts';
import { readPassThroughUsage } from '../../src/protocols/openai-chat/read-pass-through-usage.ts';
import { readUsage as readChatUsage } from '../../src/protocols/openai-chat/read-usage.ts';
import { readUsage as readResponsesUsage } from '../../src/protocols/openai-responses/read-usage.ts';
import { type Extractor, type PricedReading, type PricedRow, priceList, pricedRows } from './usage-prices.ts';

/** Off-peak prices of some hosts hold at night in Europe; the collection was priced by day. */
const noonMs = Date.parse('2026-08-21T12:00:00Z');
const outputs = new Set<RatingLine['bucket']>(['output', 'reasoning', 'audioOut', 'imageOut']);

/** Reads a block as its own dialect does. */
function usageOf({ body }: PricedRow): Usage | undefined {
  if (body['usageMetadata']) return readUsageMetadata(body['usageMetadata'] as JsonObject);
  const usage = body['usage'] as JsonObject | undefined;
  if (usage === undefined || 'billed_units' in usage) {
    return readPassThroughUsage('embeddings', { meta: (body['meta'] ?? usage) as JsonObject });
  }
  if ('prompt_tokens' in usage) return readChatUsage(usage);
  if ('inputTokens' in usage) return readTokenUsage(usage);
  const isMessages = 'cache_read_input_tokens' in usage || 'cache_creation_input_tokens' in usage;
  return isMessages ? readAnthropicUsage(usage) : readResponsesUsage(body as JsonObject);
}

/** Our disjoint buckets in the collection's nested terms, as far as a reading tells them. */
function nested({ buckets }: Usage): { readonly [name: string]: number } {
  return {
    input_tokens: totalInput(buckets),
    output_tokens: totalOutput(buckets),
    cache_read_tokens: buckets.cacheRead ?? 0,
    cache_write_tokens: (buckets.cacheWrite5m ?? 0) + (buckets.cacheWrite1h ?? 0),
    input_audio_tokens: buckets.audioIn ?? 0,
    output_audio_tokens: buckets.audioOut ?? 0,
    output_reasoning_tokens: buckets.reasoning ?? 0,
  };
}

/** Modalities inside a cache are one bucket with us: the collection tells what was read of each, cached or not. */
function isSameReading(usage: Usage, { usage: read }: PricedReading): boolean {
  const cachedAudio = read['cache_audio_read_tokens'] ?? 0;
  return Object.entries(nested(usage)).every(([name, units]) => {
    const told = read[name];
    if (told === undefined) return name !== 'input_tokens' || units === 0;
    return name === 'input_audio_tokens' ? told === units + cachedAudio : told === units;
  });
}

/** Usage as far as a reading has it: one of embeddings has no output. */
function asRead({ buckets }: Usage, { usage: read }: PricedReading): UsageBuckets {
  if (read['output_tokens'] !== undefined) return buckets;
  return Object.fromEntries(Object.entries(buckets).filter(([name]) => !outputs.has(name as RatingLine['bucket'])));
}

interface Priced {
  readonly inputNanos: bigint | undefined;
  readonly outputNanos: bigint | undefined;
}

function sideOf(lines: readonly RatingLine[], isOutput: boolean): bigint {
  const side = lines.filter(({ bucket, isFee }) => !isFee && outputs.has(bucket) === isOutput);
  return side.reduce((sum, { picos }) => sum + picos, 0n);
}

/** Both sides to the nano. */
function ratedAt(buckets: UsageBuckets, terms: PriceTerms): Priced & { readonly unpriced: readonly string[] } {
  const rated = rate({ buckets, source: 'provider' }, { ...terms, versionId: 'listed' }, { startedAtMs: noonMs });
  const nanos = (picos: bigint): bigint | undefined => parseScaled(`${picos}e-3`, 0)?.value;
  return {
    inputNanos: nanos(sideOf(rated.lines, false)),
    outputNanos: nanos(sideOf(rated.lines, true)),
    unpriced: rated.unpriced,
  };
}

function expectedOf({ input_price, output_price }: Extractor): Priced {
  return {
    inputNanos: parseScaled(input_price ?? '0', 9)?.value,
    outputNanos: parseScaled(output_price ?? '0', 9)?.value,
  };
}

/** Pictures, sound and video at the price of text: what the collection does where a list names no price for them. */
function withTextPrices(terms: PriceTerms): PriceTerms {
  const { input, output } = terms.picosPerUnit;
  const text = { ...(input !== undefined && { audioIn: input, imageIn: input, videoIn: input }) };
  return {
    ...terms,
    picosPerUnit: { ...text, ...(output !== undefined && { audioOut: output }), ...terms.picosPerUnit },
  };
}

function withoutWritePrices(terms: PriceTerms): PriceTerms {
  const { cacheWrite5m: _, cacheWrite1h: __, ...picosPerUnit } = terms.picosPerUnit;
  return { ...terms, picosPerUnit };
}

/** Why a row's price is not the collection's, with the proof that nothing else is different. */
function exceptionOf(
  extractor: Extractor,
  usage: Usage,
  at: { reading: PricedReading; terms: PriceTerms | undefined },
) {
  const { reading, terms } = at;
  if (!terms) return 'the list has no such model any more';
  const buckets = asRead(usage, reading);
  const expected = expectedOf(extractor);
  const isEqual = ({ inputNanos, outputNanos }: Priced): boolean =>
    inputNanos === expected.inputNanos && outputNanos === expected.outputNanos;
  const rated = ratedAt(buckets, terms);
  if (rated.unpriced.length === 0 && isEqual(rated)) return undefined;
  if (rated.unpriced.length > 0 && isEqual(ratedAt(buckets, withTextPrices(terms)))) {
    return 'unknown: the list has no price for this modality, and we never assume that of text';
  }
  if (isEqual(ratedAt(buckets, withoutWritePrices(terms)))) {
    return 'the collection does not read cache writes of this dialect, which its own list prices';
  }
  if (isEqual(ratedAt({ ...buckets, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 }, terms))) {
    return 'the collection read the block in another dialect and lost the cache';
  }
  if (isEqual(ratedAt({ ...buckets, input: totalInput(buckets), cacheRead: 0, cacheWrite5m: 0 }, terms))) {
    return 'the collection read the block in another dialect, where cached units are input';
  }
  if ((reading.usage['cache_audio_read_tokens'] ?? 0) > 0) {
    return 'the list prices cached sound apart; what was read from a cache is one bucket with us';
  }
  // A fifth of what it was: the rows were priced before the list that lies beside them.
  const isFifth = rated.outputNanos !== undefined && rated.outputNanos * 5n === expected.outputNanos;
  return isFifth ? 'the list was changed after the rows were priced' : `different: ${JSON.stringify(reading)}`;
}

describe('recorded usage of every dialect', () => {
  const rows = pricedRows();
  const find = priceList();

  it('is there', () => {
    expect(rows.length).toBeGreaterThan(900);
    expect(rows.flatMap(({ extracted }) => extracted).length).toBeGreaterThan(1000);
  });

  it('falls into disjoint buckets that add up to what the collection reads, in every row', () => {
    const different: string[] = [];
    for (const row of rows) {
      const usage = usageOf(row);
      if (!usage || !row.extracted.some((reading) => isSameReading(usage, reading)))
        different.push(JSON.stringify(row));
      for (const units of Object.values(usage?.buckets ?? {})) expect(units ?? 0).toBeGreaterThanOrEqual(0);
      expect(usage?.invalid, JSON.stringify(row)).toBeUndefined();
    }
    expect(different).toEqual([]);
  });

  it('costs what the collection says, to the nano, or differs for a listed reason', () => {
    const exceptions = new Map<string, number>();
    let equal = 0;
    for (const row of rows) {
      const usage = usageOf(row);
      const model = String(row.model ?? row.body['model'] ?? row.body['modelVersion']);
      for (const reading of row.extracted) {
        for (const extractor of reading.extractors) {
          if (!usage || (extractor.input_price ?? extractor.output_price) === undefined) continue;
          const terms = find(extractor.provider_id, model);
          const reason = exceptionOf(extractor, usage, { reading, terms });
          if (reason === undefined) equal++;
          else exceptions.set(reason, (exceptions.get(reason) ?? 0) + 1);
        }
      }
    }
    expect(Object.fromEntries(exceptions)).toEqual({
      'unknown: the list has no price for this modality, and we never assume that of text': 63,
      'the collection read the block in another dialect and lost the cache': 10,
      'the collection read the block in another dialect, where cached units are input': 10,
      'the collection does not read cache writes of this dialect, which its own list prices': 3,
      'the list has no such model any more': 3,
      'the list was changed after the rows were priced': 2,
      'the list prices cached sound apart; what was read from a cache is one bucket with us': 1,
    });
    expect(equal).toBeGreaterThan(1900);
  });
});
