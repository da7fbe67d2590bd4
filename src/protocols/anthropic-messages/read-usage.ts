import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { Usage, UsageBuckets } from '../../domain/rating/usage.ts';
import { isObject } from '../shared/field-reader.ts';

/** Later usage of the same answer replaces earlier figures, field by field; null says nothing. */
export function mergeUsage(earlier: JsonObject, later: JsonObject): JsonObject {
  const said = Object.entries(later).filter(([, value]) => value !== null);
  return { ...earlier, ...Object.fromEntries(said) };
}

/** Reads the usage of a Messages answer into disjoint buckets; undefined when it holds no figure at all. */
export function readAnthropicUsage(wire: unknown): Usage | undefined {
  if (!isObject(wire)) return undefined;
  const invalid = thinkingOf(wire) > (count(wire['output_tokens']) ?? Number.POSITIVE_INFINITY);
  const buckets = withCompaction(bucketsOf(wire, invalid), wire['iterations']);
  if (Object.keys(buckets).length === 0) return undefined;
  const tier = wire['speed'] === 'fast' ? 'fast' : wire['service_tier'];
  return {
    buckets,
    source: 'provider',
    ...(invalid && { invalid }),
    ...(typeof tier === 'string' && { servedTier: tier }),
    ...regionOf(wire),
  };
}

/** Where the model ran, when that is a place: prices of some regions differ. */
function regionOf(wire: JsonObject): { servedRegion?: string } {
  const region = wire['inference_geo'];
  return typeof region === 'string' && region !== 'global' && region !== 'not_available'
    ? { servedRegion: region }
    : {};
}

/** `input_tokens` excludes the cache, `output_tokens` includes thinking. */
function bucketsOf(wire: JsonObject, ignoreThinking: boolean): UsageBuckets {
  const output = count(wire['output_tokens']);
  const details = wire['output_tokens_details'];
  const reported = isObject(details) ? count(details['thinking_tokens']) : undefined;
  const reasoning = ignoreThinking ? undefined : reported;
  const tools = wire['server_tool_use'];
  const requests = isObject(tools) ? count(tools['web_search_requests']) : undefined;
  return present({
    input: count(wire['input_tokens']),
    cacheRead: count(wire['cache_read_input_tokens']),
    ...cacheWrites(wire),
    output: output === undefined ? undefined : output - (reasoning ?? 0),
    reasoning,
    requests,
  });
}

/** Only `message_start` splits cache writes by lifetime; a later total that differs from the split corrects it. */
function cacheWrites(wire: JsonObject): { cacheWrite5m?: number | undefined; cacheWrite1h?: number | undefined } {
  const total = count(wire['cache_creation_input_tokens']);
  const split = isObject(wire['cache_creation']) ? wire['cache_creation'] : undefined;
  if (split === undefined) return { cacheWrite5m: total };
  const short = count(split['ephemeral_5m_input_tokens']);
  const long = count(split['ephemeral_1h_input_tokens']);
  if (total === undefined || (short ?? 0) + (long ?? 0) === total) return { cacheWrite5m: short, cacheWrite1h: long };
  const corrected = Math.min(long ?? 0, total);
  return { cacheWrite5m: total - corrected, cacheWrite1h: corrected };
}

/** Compaction runs are billed but missing from the top-level figures; other models' turns are not ours to price. */
function withCompaction(buckets: UsageBuckets, iterations: unknown): UsageBuckets {
  if (!Array.isArray(iterations)) return buckets;
  return iterations.filter(isCompaction).reduce<UsageBuckets>((sum, turn) => add(sum, bucketsOf(turn, true)), buckets);
}

function isCompaction(turn: unknown): turn is JsonObject {
  return isObject(turn) && turn['type'] === 'compaction';
}

function add(left: UsageBuckets, right: UsageBuckets): UsageBuckets {
  const sum: Record<string, number> = { ...left };
  for (const [bucket, units] of Object.entries(right)) sum[bucket] = (sum[bucket] ?? 0) + units;
  return sum;
}

function thinkingOf(wire: JsonObject): number {
  const details = wire['output_tokens_details'];
  return (isObject(details) ? count(details['thinking_tokens']) : undefined) ?? 0;
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

function present(buckets: { readonly [bucket: string]: number | undefined }): UsageBuckets {
  return Object.fromEntries(Object.entries(buckets).filter(([, units]) => units !== undefined));
}
