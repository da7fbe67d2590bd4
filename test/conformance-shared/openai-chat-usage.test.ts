import { describe, expect, it } from 'vitest';
import { totalInput, totalOutput, type UsageBuckets } from '../../src/domain/rating/usage.ts';
import { readOpenAIUsage } from '../../src/protocols/openai-chat/index.ts';
import { type UsageRow, usageRows } from './chat-recordings.ts';

/** Our disjoint buckets in the collection's nested terms. */
function nested(buckets: UsageBuckets): { readonly [name: string]: number } {
  const named = {
    input_tokens: totalInput(buckets),
    output_tokens: totalOutput(buckets),
    cache_read_tokens: buckets.cacheRead,
    cache_write_tokens: buckets.cacheWrite5m,
    input_audio_tokens: buckets.audioIn,
    output_audio_tokens: buckets.audioOut,
    output_reasoning_tokens: buckets.reasoning,
  };
  return Object.fromEntries(Object.entries(named).flatMap(([name, units]) => (units ? [[name, units]] : [])));
}

/** What the collection reads from a body of this dialect; embeddings have no chat reading. */
function expected({ extracted }: UsageRow): { readonly [name: string]: number } | undefined {
  const reading = (flavor: string) =>
    extracted.find(({ extractors }) =>
      extractors.some(({ provider_id, api_flavor }) => provider_id === 'openai' && api_flavor === flavor),
    );
  const found = reading('chat') ?? reading('embeddings');
  return found && Object.fromEntries(Object.entries(found.usage).filter(([, units]) => units !== 0));
}

describe('recorded usage blocks of the chat shape', () => {
  const rows = usageRows().filter(({ body }) => body.usage?.['prompt_tokens'] !== undefined);

  it('are there', () => {
    expect(rows.length).toBeGreaterThan(200);
  });

  it('[scenario 57] fall into the buckets of the collection, without exception', () => {
    for (const row of rows) {
      const usage = readOpenAIUsage(row.body.usage);
      expect(usage && nested(usage.buckets), JSON.stringify(row.body)).toEqual(expected(row));
      expect(usage?.invalid).toBeUndefined();
      for (const units of Object.values(usage?.buckets ?? {})) expect(units ?? 0).toBeGreaterThanOrEqual(0);
    }
  });

  it('carry the cost that hosts report, to the nano-dollar', () => {
    const priced = rows.filter(
      ({ body }) => typeof body.usage?.['cost'] === 'number' && body.usage['is_byok'] !== true,
    );
    expect(priced.length).toBeGreaterThan(0);
    for (const { body } of priced) {
      const nanos = readOpenAIUsage(body.usage)?.reportedCostNanos;
      expect(Number(nanos) / 1e9).toBeCloseTo(Number(body.usage?.['cost']), 9);
    }
  });
});
