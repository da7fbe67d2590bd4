import type { CacheMark, JsonObject } from '../../domain/calls/model-call.ts';

/** Writes a prompt-cache mark; five minutes is the dialect's default and stays unsaid. */
export function cacheControl(cache: CacheMark | undefined): JsonObject {
  if (cache === undefined) return {};
  return { cache_control: { type: 'ephemeral', ...(cache.ttl === '1h' && { ttl: cache.ttl }) } };
}
