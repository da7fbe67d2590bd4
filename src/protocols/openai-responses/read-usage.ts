import type { JsonObject } from '../../domain/calls/model-call.ts';
import { parseUsdAsNanos } from '../../domain/money/money.ts';
import type { Usage, UsageBuckets } from '../../domain/rating/usage.ts';
import { isObject } from '../shared/field-reader.ts';

const ticksPerNano = 10n;

/**
 * Reads the usage of a Responses body or terminal event into disjoint buckets. Cached, audio and image tokens are part
 * of `input_tokens`, reasoning is part of `output_tokens`; when the total shows that a host counts reasoning beside
 * the output, it is left beside it.
 */
export function readUsage(response: JsonObject): Usage | undefined {
  const usage = response['usage'];
  if (!isObject(usage)) return undefined;
  const input = inputBuckets(usage);
  const output = outputBuckets(usage);
  const searches = countSearches(response, usage);
  const buckets: UsageBuckets = {
    ...input.buckets,
    ...output.buckets,
    ...(searches !== undefined && { requests: searches }),
  };
  const tier = response['service_tier'];
  const cost = reportedCost(usage);
  return {
    buckets,
    source: 'provider',
    ...((input.invalid || output.invalid) && { invalid: true }),
    ...(cost !== undefined && { reportedCostNanos: cost }),
    ...(typeof tier === 'string' && { servedTier: tier }),
  };
}

interface Side {
  readonly buckets: UsageBuckets;
  readonly invalid: boolean;
}

function inputBuckets(usage: JsonObject): Side {
  const total = count(usage, 'input_tokens');
  if (total === undefined) return { buckets: {}, invalid: false };
  const details = detailsOf(usage, 'input_tokens_details');
  const leaves = {
    cacheRead: count(details, 'cached_tokens'),
    cacheWrite5m: count(details, 'cache_write_tokens'),
    audioIn: positive(count(details, 'audio_tokens')),
    imageIn: positive(count(details, 'image_tokens')),
  };
  const rest = total - sum(leaves);
  if (rest < 0) return { buckets: { input: total }, invalid: true };
  return { buckets: { input: rest, ...present(leaves) }, invalid: false };
}

function outputBuckets(usage: JsonObject): Side {
  const total = count(usage, 'output_tokens');
  if (total === undefined) return { buckets: {}, invalid: false };
  const details = detailsOf(usage, 'output_tokens_details');
  const reasoning = count(details, 'reasoning_tokens');
  const leaves = {
    audioOut: positive(count(details, 'audio_tokens')),
    imageOut: positive(count(details, 'image_tokens')),
  };
  const beside = countsReasoningBeside(usage, total, reasoning ?? 0);
  const rest = total - sum(leaves) - (beside ? 0 : (reasoning ?? 0));
  if (rest < 0) return { buckets: { output: total }, invalid: true };
  return { buckets: { output: rest, ...present({ reasoning, ...leaves }) }, invalid: false };
}

/** Some hosts report reasoning next to the output instead of inside it; only their total tells. */
function countsReasoningBeside(usage: JsonObject, output: number, reasoning: number): boolean {
  const input = count(usage, 'input_tokens') ?? 0;
  return reasoning > 0 && count(usage, 'total_tokens') === input + output + reasoning;
}

/** Web searches: some hosts count them; elsewhere one per completed search of the answer. */
function countSearches(response: JsonObject, usage: JsonObject): number | undefined {
  const told = detailsOf(usage, 'server_side_tool_usage_details');
  const counted = (count(told, 'web_search_calls') ?? 0) + (count(told, 'x_search_calls') ?? 0);
  if (counted > 0) return counted;
  const output = response['output'];
  if (!Array.isArray(output)) return undefined;
  const searches = output.filter((item) => isObject(item) && item['type'] === 'web_search_call' && isSearch(item));
  return positive(searches.length);
}

function isSearch(item: JsonObject): boolean {
  const action = item['action'];
  return item['status'] !== 'failed' && (!isObject(action) || action['type'] === 'search');
}

function reportedCost(usage: JsonObject): bigint | undefined {
  const ticks = usage['cost_in_usd_ticks'];
  if (typeof ticks === 'number' && Number.isSafeInteger(ticks)) return BigInt(ticks) / ticksPerNano;
  const cost = usage['cost'];
  return typeof cost === 'number' ? parseUsdAsNanos(String(cost)) : undefined;
}

function detailsOf(usage: JsonObject, key: string): JsonObject {
  const details = usage[key];
  return isObject(details) ? details : {};
}

function count(source: JsonObject, key: string): number | undefined {
  const value = source[key];
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function positive(value: number | undefined): number | undefined {
  return value === undefined || value === 0 ? undefined : value;
}

function sum(leaves: { readonly [name: string]: number | undefined }): number {
  return Object.values(leaves).reduce<number>((total, value) => total + (value ?? 0), 0);
}

function present(leaves: UsageLeaves): UsageBuckets {
  return Object.fromEntries(Object.entries(leaves).filter(([, value]) => value !== undefined));
}

type UsageLeaves = { readonly [Bucket in keyof UsageBuckets]: number | undefined };
