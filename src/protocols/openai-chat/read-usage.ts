import type { JsonObject } from '../../domain/calls/model-call.ts';
import { divideHalfEven, parseUsdAsNanos } from '../../domain/money/money.ts';
import type { Usage, UsageBuckets } from '../../domain/rating/usage.ts';
import { numberOf, objectOf, textOf } from './values.ts';

const nothing: JsonObject = Object.freeze({});

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
  return {
    // Always the same fields in the same order: objects of one shape keep everything that reads them fast.
    buckets: {
      input: input.rest,
      cacheRead: input.cacheRead,
      cacheWrite5m: input.cacheWrite5m,
      cacheWrite1h: input.cacheWrite1h,
      output: output.rest,
      reasoning: output.reasoning,
      audioIn: input.audioIn,
      audioOut: output.audioOut,
      imageOut: output.imageOut,
      requests: readRequests(usage),
    },
    source: 'provider',
    invalid: input.isInvalid || output.isInvalid || undefined,
    reportedCostNanos: readReportedCost(usage),
    servedTier: textOf(servedTier) ?? textOf(usage['service_tier']),
  };
}

/** A parent without the leaves inside it. */
interface Rest {
  readonly rest: number | undefined;
  readonly isInvalid: boolean;
}

type InputSide = Rest & Pick<UsageBuckets, 'cacheRead' | 'cacheWrite5m' | 'cacheWrite1h' | 'audioIn'>;
type OutputSide = Rest & Pick<UsageBuckets, 'reasoning' | 'audioOut' | 'imageOut'>;

function readInput(usage: JsonObject, prompt: number | undefined): InputSide {
  const details = objectOf(usage['prompt_tokens_details']) ?? objectOf(usage['input_tokens_details']) ?? nothing;
  const writes = readCacheWrites(usage, details);
  const cacheRead =
    unitsOf(details['cached_tokens']) ??
    unitsOf(usage['prompt_cache_hit_tokens']) ??
    unitsOf(usage['cached_tokens']) ??
    unitsOf(usage['cache_read_input_tokens']);
  const audioIn = unitsOf(details['audio_tokens']);
  const { rest, isInvalid } = splitParent(prompt, [cacheRead, writes.for5m, writes.for1h, audioIn]);
  // Searched pages that the model read are reported beside the prompt, not inside it.
  const input = rest === undefined ? undefined : rest + (unitsOf(usage['citation_tokens']) ?? 0);
  if (isInvalid || rest === undefined) return { rest: input, isInvalid };
  return { rest: input, isInvalid, cacheRead, cacheWrite5m: writes.for5m, cacheWrite1h: writes.for1h, audioIn };
}

interface CacheWrites {
  readonly for5m: number | undefined;
  readonly for1h: number | undefined;
}

function readCacheWrites(usage: JsonObject, details: JsonObject): CacheWrites {
  const byLifetime = objectOf(details['cache_creation']) ?? objectOf(usage['cache_creation']);
  const for5m = unitsOf(byLifetime?.['ephemeral_5m_input_tokens']);
  const for1h = unitsOf(byLifetime?.['ephemeral_1h_input_tokens']);
  if (for5m !== undefined || for1h !== undefined) return { for5m, for1h };
  const written =
    unitsOf(details['cache_write_tokens']) ??
    unitsOf(details['cache_creation_input_tokens']) ??
    unitsOf(details['cache_creation_tokens']) ??
    unitsOf(usage['cache_creation_input_tokens']);
  return { for5m: written, for1h: undefined };
}

function readOutput(usage: JsonObject, prompt: number | undefined, completion: number | undefined): OutputSide {
  const details = objectOf(usage['completion_tokens_details']) ?? objectOf(usage['output_tokens_details']) ?? nothing;
  const reasoning = unitsOf(details['reasoning_tokens']) ?? unitsOf(usage['reasoning_tokens']);
  const audioOut = unitsOf(details['audio_tokens']);
  const imageOut = unitsOf(details['image_tokens']);
  const total = unitsOf(usage['total_tokens']);
  const isOutside =
    reasoning !== undefined &&
    (usage['citation_tokens'] !== undefined ||
      (reasoning > 0 && total !== undefined && total === (prompt ?? 0) + (completion ?? 0) + reasoning));
  const { rest, isInvalid } = splitParent(completion, [isOutside ? undefined : reasoning, audioOut, imageOut]);
  const keepsLeaves = !isInvalid && rest !== undefined;
  return {
    rest,
    isInvalid,
    reasoning: keepsLeaves || isOutside ? reasoning : undefined,
    audioOut: keepsLeaves ? audioOut : undefined,
    imageOut: keepsLeaves ? imageOut : undefined,
  };
}

/** Takes the leaves out of their parent; leaves that cannot be true are ignored and the whole parent is billed. */
function splitParent(parent: number | undefined, leaves: readonly (number | undefined)[]): Rest {
  if (parent === undefined || parent < 0) return { rest: undefined, isInvalid: parent !== undefined };
  let inside = 0;
  let isInvalid = false;
  for (const units of leaves) {
    if (units === undefined) continue;
    if (units < 0) isInvalid = true;
    inside += units;
  }
  if (isInvalid || inside > parent) return { rest: parent, isInvalid: true };
  return { rest: parent - inside, isInvalid: false };
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
  if (ticks !== undefined && ticks >= 0 && Number.isSafeInteger(ticks)) return divideHalfEven(BigInt(ticks), 10n);
  const cost = numberOf(usage['cost']);
  if (cost === undefined || cost < 0) return undefined;
  // With a key of the operator's own at the model's maker, the host's cost is only its fee.
  const details = usage['is_byok'] === true ? objectOf(usage['cost_details']) : undefined;
  const upstream = numberOf(details?.['upstream_inference_cost']) ?? 0;
  const fee = usdToNanos(cost);
  return fee === undefined ? undefined : fee + (usdToNanos(upstream) ?? 0n);
}

/** JSON numbers are doubles: their shortest decimal text is what the host wrote. */
function usdToNanos(usd: number): bigint | undefined {
  return parseUsdAsNanos(String(usd));
}
