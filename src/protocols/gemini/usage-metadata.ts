import type { Json, JsonObject } from '../../domain/calls/model-call.ts';
import { totalInput, totalOutput, type Usage, type UsageBuckets } from '../../domain/rating/usage.ts';
import { isObject } from '../shared/field-reader.ts';
import { fieldOf } from './gemini-reader.ts';

type Bucket = keyof UsageBuckets;
type Counts = { [Key in Bucket]?: number };

const inputModalities: readonly (readonly [string, Bucket])[] = [
  ['AUDIO', 'audioIn'],
  ['IMAGE', 'imageIn'],
  ['VIDEO', 'videoIn'],
];
const outputModalities: readonly (readonly [string, Bucket])[] = [
  ['AUDIO', 'audioOut'],
  ['IMAGE', 'imageOut'],
];

/**
 * Sorts Gemini's overlapping counters into disjoint buckets: cached tokens and modalities are inside the prompt,
 * thoughts outside the candidates, results of server tools outside the prompt. Undefined while nothing was counted,
 * as in the first events of provisioned throughput.
 */
export function readUsageMetadata(metadata: JsonObject): Usage | undefined {
  const prompt = countOf(metadata, 'promptTokenCount');
  const candidates = countOf(metadata, 'candidatesTokenCount') ?? countOf(metadata, 'responseTokenCount');
  const thoughts = countOf(metadata, 'thoughtsTokenCount');
  const cached = countOf(metadata, 'cachedContentTokenCount');
  const toolUse = countOf(metadata, 'toolUsePromptTokenCount');
  if ([prompt, candidates, thoughts, cached, toolUse].every((count) => count === undefined)) return undefined;
  const counts: Counts = {};
  if (prompt !== undefined || toolUse !== undefined) counts.input = (prompt ?? 0) + (toolUse ?? 0);
  if (candidates !== undefined) counts.output = candidates;
  const parents = { ...counts, ...(thoughts !== undefined && { reasoning: thoughts }) };
  if (thoughts !== undefined) counts.reasoning = thoughts;
  if (cached !== undefined) move(counts, 'cacheRead', { from: 'input', count: cached });
  moveInputModalities(counts, metadata, cached);
  for (const [modality, bucket] of outputModalities) {
    const count = modalityCount(metadata, ['candidatesTokensDetails', 'responseTokensDetails'], modality);
    if (count > 0) move(counts, bucket, { from: 'output', count });
  }
  const invalid = Object.values(counts).some((count) => count < 0);
  const servedTier = tierOf(metadata);
  return {
    buckets: invalid ? parents : counts,
    source: 'provider',
    ...(invalid && { invalid }),
    ...(servedTier !== undefined && { servedTier }),
  };
}

/** Cached tokens of a modality are billed as cached: only the rest of the modality gets a bucket of its own. */
function moveInputModalities(counts: Counts, metadata: JsonObject, cached: number | undefined): void {
  for (const [modality, bucket] of inputModalities) {
    const whole = modalityCount(metadata, ['promptTokensDetails', 'toolUsePromptTokensDetails'], modality);
    const inCache = cached === undefined ? 0 : modalityCount(metadata, ['cacheTokensDetails'], modality);
    if (whole > 0) move(counts, bucket, { from: 'input', count: whole - inCache });
  }
}

/** Counters of an answer for a Gemini client. */
export function writeUsageMetadata(usage: Usage): JsonObject {
  const { buckets } = usage;
  const prompt = totalInput(buckets);
  const output = totalOutput(buckets);
  const reasoning = buckets.reasoning ?? 0;
  const promptDetails = writeDetails(buckets, inputModalities, prompt);
  const outputDetails = writeDetails(buckets, outputModalities, output - reasoning);
  return {
    promptTokenCount: prompt,
    ...(buckets.cacheRead !== undefined && { cachedContentTokenCount: buckets.cacheRead }),
    candidatesTokenCount: output - reasoning,
    ...(buckets.reasoning !== undefined && { thoughtsTokenCount: reasoning }),
    totalTokenCount: prompt + output,
    ...(promptDetails.length > 1 && { promptTokensDetails: promptDetails }),
    ...(outputDetails.length > 1 && { candidatesTokensDetails: outputDetails }),
  };
}

function writeDetails(
  buckets: UsageBuckets,
  modalities: readonly (readonly [string, Bucket])[],
  total: number,
): JsonObject[] {
  const details = modalities.flatMap(([modality, bucket]) => {
    const tokenCount = buckets[bucket] ?? 0;
    return tokenCount > 0 ? [{ modality, tokenCount }] : [];
  });
  const text = details.reduce((rest, detail) => rest - detail.tokenCount, total);
  return [{ modality: 'TEXT', tokenCount: text }, ...details];
}

function move(counts: Counts, bucket: Bucket, { from, count }: { from: Bucket; count: number }): void {
  counts[bucket] = (counts[bucket] ?? 0) + count;
  counts[from] = (counts[from] ?? 0) - count;
}

function tierOf(metadata: JsonObject): string | undefined {
  const tier = fieldOf(metadata, 'serviceTier') ?? fieldOf(metadata, 'trafficType');
  return typeof tier === 'string' ? tier : undefined;
}

function countOf(metadata: JsonObject, name: string): number | undefined {
  const value = fieldOf(metadata, name);
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function modalityCount(metadata: JsonObject, names: readonly string[], modality: string): number {
  const details: readonly Json[] = names.flatMap((name) => {
    const list = fieldOf(metadata, name);
    return Array.isArray(list) ? (list as Json[]) : [];
  });
  return details.reduce<number>(
    (sum, detail) =>
      isObject(detail) && detail['modality'] === modality ? sum + (countOf(detail, 'tokenCount') ?? 0) : sum,
    0,
  );
}
