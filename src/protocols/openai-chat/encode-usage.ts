import type { JsonObject } from '../../domain/calls/model-call.ts';
import { totalInput, totalOutput, type Usage } from '../../domain/rating/usage.ts';
import { compact } from './values.ts';

/** Writes disjoint buckets as this dialect's nested counts; figures nobody reported are left out. */
export function encodeUsage({ buckets }: Usage): JsonObject {
  const prompt = totalInput(buckets);
  const completion = totalOutput(buckets);
  const { cacheWrite5m, cacheWrite1h } = buckets;
  const written =
    cacheWrite5m === undefined && cacheWrite1h === undefined ? undefined : (cacheWrite5m ?? 0) + (cacheWrite1h ?? 0);
  return compact({
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: details({
      cached_tokens: buckets.cacheRead,
      cache_write_tokens: written,
      audio_tokens: buckets.audioIn,
    }),
    completion_tokens_details: details({
      reasoning_tokens: buckets.reasoning,
      audio_tokens: buckets.audioOut,
      image_tokens: buckets.imageOut,
    }),
  });
}

function details(fields: { readonly [key: string]: number | undefined }): JsonObject | undefined {
  const known = compact(fields);
  return Object.keys(known).length > 0 ? known : undefined;
}
