import type { CacheMark, JsonObject } from '../../domain/calls/model-call.ts';

/** Converse marks the end of a cached prefix by a block of its own; five minutes is the default. */
export function cachePoints(mark: CacheMark | undefined): JsonObject[] {
  if (mark === undefined) return [];
  return [{ cachePoint: { type: 'default', ...(mark.ttl === '1h' && { ttl: mark.ttl }) } }];
}
