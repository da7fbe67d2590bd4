import type { JsonObject } from '../../domain/calls/model-call.ts';
import { totalOutput, type Usage } from '../../domain/rating/usage.ts';

const tiers: ReadonlySet<string> = new Set(['standard', 'priority', 'batch']);

/** Writes usage the way the Messages API reports it: input without cache, output with thinking. */
export function writeUsage(usage: Usage | undefined): JsonObject {
  const buckets = usage?.buckets ?? {};
  const { cacheRead, cacheWrite5m, cacheWrite1h, reasoning, requests } = buckets;
  const media = (buckets.audioIn ?? 0) + (buckets.imageIn ?? 0) + (buckets.videoIn ?? 0);
  const writes = cacheWrite5m !== undefined || cacheWrite1h !== undefined;
  const tier = usage?.servedTier;
  return {
    input_tokens: (buckets.input ?? 0) + media,
    cache_creation_input_tokens: (cacheWrite5m ?? 0) + (cacheWrite1h ?? 0),
    cache_read_input_tokens: cacheRead ?? 0,
    ...(writes && {
      cache_creation: {
        ephemeral_5m_input_tokens: cacheWrite5m ?? 0,
        ephemeral_1h_input_tokens: cacheWrite1h ?? 0,
      },
    }),
    output_tokens: totalOutput(buckets),
    ...(reasoning !== undefined && { output_tokens_details: { thinking_tokens: reasoning } }),
    ...(requests !== undefined && { server_tool_use: { web_search_requests: requests } }),
    ...(tier !== undefined && tiers.has(tier) && { service_tier: tier }),
  };
}
