import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import type { Usage, UsageBuckets } from '../../domain/rating/usage.ts';
import { isObject } from '../shared/field-reader.ts';

/** Reads Converse's counters, which are disjoint already: input excludes what was read from or written to a cache. */
export function readTokenUsage(usage: JsonObject, servedTier?: string): Usage | undefined {
  const input = countOf(usage, 'inputTokens');
  const output = countOf(usage, 'outputTokens');
  if (input === undefined && output === undefined) return undefined;
  const cacheRead = countOf(usage, 'cacheReadInputTokens') ?? countOf(usage, 'cacheReadInputTokenCount');
  return {
    buckets: {
      ...(input !== undefined && { input }),
      ...(cacheRead !== undefined && { cacheRead }),
      ...readCacheWrites(usage),
      ...(output !== undefined && { output }),
    },
    source: 'provider',
    ...(servedTier !== undefined && { servedTier }),
  };
}

/** What was written for an hour is told apart in the details only; the rest is the default of five minutes. */
function readCacheWrites(usage: JsonObject): Pick<UsageBuckets, 'cacheWrite5m' | 'cacheWrite1h'> {
  const written = countOf(usage, 'cacheWriteInputTokens') ?? countOf(usage, 'cacheWriteInputTokenCount');
  const details = Array.isArray(usage['cacheDetails']) ? (usage['cacheDetails'] as readonly Json[]) : [];
  const cacheWrite1h = details
    .filter(isObject)
    .filter((detail) => detail['ttl'] === '1h')
    .reduce((sum, detail) => sum + (countOf(detail, 'inputTokens') ?? 0), 0);
  if (written === undefined) return cacheWrite1h > 0 ? { cacheWrite1h } : {};
  const cacheWrite5m = Math.max(written - cacheWrite1h, 0);
  return cacheWrite1h > 0 ? { cacheWrite5m, cacheWrite1h } : { cacheWrite5m };
}

function countOf(usage: JsonObject, name: string): number | undefined {
  const value = usage[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
