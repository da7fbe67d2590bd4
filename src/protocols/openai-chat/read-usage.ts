import type { JsonObject } from '../../domain/model-call.ts';
import type { Usage, UsageBucket } from '../../domain/usage.ts';
import { numberOf, objectOf, textOf } from './values.ts';

type Buckets = { -readonly [Bucket in UsageBucket]?: number };

/** Units of a report; fractions are rounded up, because units must be whole to be rated. */
function unitsOf(value: unknown): number | undefined {
  const number = numberOf(value);
  return number === undefined ? undefined : Math.min(Math.ceil(number), Number.MAX_SAFE_INTEGER);
}

/**
 * Turns a usage block of this dialect into disjoint buckets. Prompt counts include cached and spoken units, completion
 * counts include reasoning, except where the total says that reasoning was counted outside.
 */
export function readUsage(value: unknown, servedTier?: unknown): Usage | undefined {
  const usage = objectOf(value);
  if (!usage) return undefined;
  const prompt = unitsOf(usage['prompt_tokens']) ?? unitsOf(usage['input_tokens']);
  const completion = unitsOf(usage['completion_tokens']) ?? unitsOf(usage['output_tokens']);
  if (prompt === undefined && completion === undefined) return undefined;
  const input = readInput(usage, prompt);
  const output = readOutput(usage, prompt, completion);
  const requests = readRequests(usage);
  const reportedCostNanos = readReportedCost(usage);
  const tier = textOf(servedTier) ?? textOf(usage['service_tier']);
  return {
    buckets: { ...input.buckets, ...output.buckets, ...(requests !== undefined && { requests }) },
    source: 'provider',
    ...((input.invalid || output.invalid) && { invalid: true }),
    ...(reportedCostNanos !== undefined && { reportedCostNanos }),
    ...(tier !== undefined && { servedTier: tier }),
  };
}

interface Side {
  readonly buckets: Buckets;
  readonly invalid: boolean;
}

function readInput(usage: JsonObject, prompt: number | undefined): Side {
  const details = objectOf(usage['prompt_tokens_details']) ?? objectOf(usage['input_tokens_details']) ?? {};
  const writes = readCacheWrites(usage, details);
  const cacheRead =
    unitsOf(details['cached_tokens']) ??
    unitsOf(usage['prompt_cache_hit_tokens']) ??
    unitsOf(usage['cached_tokens']) ??
    unitsOf(usage['cache_read_input_tokens']);
  // Searched pages that the model read are reported beside the prompt, not inside it.
  const cited = unitsOf(usage['citation_tokens']) ?? 0;
  const leaves: Buckets = { cacheRead, ...writes, audioIn: unitsOf(details['audio_tokens']) };
  return splitParent('input', prompt, { leaves, beside: cited });
}

function readCacheWrites(usage: JsonObject, details: JsonObject): Buckets {
  const byLifetime = objectOf(details['cache_creation']) ?? objectOf(usage['cache_creation']);
  const cacheWrite5m = unitsOf(byLifetime?.['ephemeral_5m_input_tokens']);
  const cacheWrite1h = unitsOf(byLifetime?.['ephemeral_1h_input_tokens']);
  if (cacheWrite5m !== undefined || cacheWrite1h !== undefined) return { cacheWrite5m, cacheWrite1h };
  const written =
    unitsOf(details['cache_write_tokens']) ??
    unitsOf(details['cache_creation_input_tokens']) ??
    unitsOf(details['cache_creation_tokens']) ??
    unitsOf(usage['cache_creation_input_tokens']);
  return written === undefined ? {} : { cacheWrite5m: written };
}

function readOutput(usage: JsonObject, prompt: number | undefined, completion: number | undefined): Side {
  const details = objectOf(usage['completion_tokens_details']) ?? objectOf(usage['output_tokens_details']) ?? {};
  const reasoning = unitsOf(details['reasoning_tokens']) ?? unitsOf(usage['reasoning_tokens']);
  const other: Buckets = { audioOut: unitsOf(details['audio_tokens']), imageOut: unitsOf(details['image_tokens']) };
  if (reasoning === undefined) return splitParent('output', completion, { leaves: other });
  const total = unitsOf(usage['total_tokens']);
  const outside =
    usage['citation_tokens'] !== undefined ||
    (reasoning > 0 && total !== undefined && total === (prompt ?? 0) + (completion ?? 0) + reasoning);
  if (!outside) return splitParent('output', completion, { leaves: { reasoning, ...other } });
  const rest = splitParent('output', completion, { leaves: other });
  return { buckets: { ...rest.buckets, reasoning }, invalid: rest.invalid };
}

/** Takes the leaves out of their parent; leaves that cannot be true are ignored and the whole parent is billed. */
function splitParent(
  name: 'input' | 'output',
  parent: number | undefined,
  { leaves, beside = 0 }: { readonly leaves: Buckets; readonly beside?: number },
): Side {
  if (parent === undefined) return { buckets: {}, invalid: false };
  if (parent < 0) return { buckets: {}, invalid: true };
  const known = Object.entries(leaves).filter(([, units]) => units !== undefined);
  const inside = known.reduce((sum, [, units]) => sum + (units ?? 0), 0);
  const invalid = inside > parent || known.some(([, units]) => (units ?? 0) < 0);
  if (invalid) return { buckets: { [name]: parent + beside }, invalid };
  return { buckets: { [name]: parent - inside + beside, ...Object.fromEntries(known) }, invalid };
}

/** Searches and sources that are charged by the piece. */
function readRequests(usage: JsonObject): number | undefined {
  const tools = objectOf(usage['server_tool_use']);
  const requests =
    unitsOf(usage['num_search_queries']) ??
    unitsOf(usage['num_sources_used']) ??
    unitsOf(tools?.['web_search_requests']);
  return requests !== undefined && requests >= 0 ? requests : undefined;
}

/** What the host itself says the call cost, in whichever unit it says it. */
function readReportedCost(usage: JsonObject): bigint | undefined {
  const ticks = numberOf(usage['cost_in_usd_ticks']);
  // A tick is a tenth of a nano-dollar.
  if (ticks !== undefined && Number.isSafeInteger(ticks)) return (BigInt(ticks) + 5n) / 10n;
  const cost = numberOf(usage['cost']);
  if (cost === undefined || cost < 0) return undefined;
  // With a key of the operator's own at the model's maker, the host's cost is only its fee.
  const details = usage['is_byok'] === true ? objectOf(usage['cost_details']) : undefined;
  return usdToNanos(cost) + usdToNanos(numberOf(details?.['upstream_inference_cost']) ?? 0);
}

/** JSON numbers are doubles: their shortest decimal text is what the host wrote. */
function usdToNanos(usd: number): bigint {
  const [whole = '0', fraction = ''] = usd.toFixed(12).split('.');
  const picos = BigInt(whole) * 1_000_000_000_000n + BigInt(fraction.padEnd(12, '0'));
  return (picos + 500n) / 1000n;
}
