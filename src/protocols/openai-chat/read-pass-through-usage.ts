import type { Operation } from '../../domain/calls/dialect.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { Usage, UsageBuckets } from '../../domain/rating/usage.ts';
import { readUsage } from './read-usage.ts';
import { listOf, numberOf, objectOf, textOf } from './values.ts';

/**
 * Reads the usage of an answer that is passed through without translation: embeddings, completions, rerank, images,
 * transcriptions. Undefined when the body reports none; the caller then estimates or counts the request.
 */
export function readPassThroughUsage(operation: Operation, body: JsonObject): Usage | undefined {
  const usage = objectOf(body['usage']);
  switch (operation) {
    case 'images':
      return readImageUsage(body, usage);
    case 'transcription':
    case 'speech':
      return readAudioUsage(body, usage);
    case 'embeddings':
    case 'rerank':
      return readUsage(usage, body['service_tier']) ?? readBilledUnits(body) ?? readTotalOnly(usage);
    default:
      return readUsage(usage, body['service_tier']);
  }
}

function provider(buckets: { readonly [Bucket in keyof UsageBuckets]: number | undefined }): Usage | undefined {
  const known = Object.entries(buckets).filter(([, units]) => units !== undefined && units >= 0);
  return known.length === 0 ? undefined : { buckets: Object.fromEntries(known), source: 'provider' };
}

/** Hosts that bill in units of their own say so in `meta`. */
function readBilledUnits(body: JsonObject): Usage | undefined {
  const billed = objectOf(objectOf(body['meta'])?.['billed_units']);
  return provider({
    input: numberOf(billed?.['input_tokens']),
    output: numberOf(billed?.['output_tokens']),
    imageIn: numberOf(billed?.['images']),
    requests: numberOf(billed?.['search_units']),
  });
}

function readTotalOnly(usage: JsonObject | undefined): Usage | undefined {
  return provider({ input: numberOf(usage?.['total_tokens']) });
}

/** Image models report text and image input apart, and output that is all image; older ones are billed by the piece. */
function readImageUsage(body: JsonObject, usage: JsonObject | undefined): Usage | undefined {
  const output = numberOf(usage?.['output_tokens']);
  const input = numberOf(usage?.['input_tokens']);
  if (output === undefined && input === undefined) {
    const pieces = listOf(body['data']).length;
    return pieces === 0 ? undefined : provider({ imageOut: pieces });
  }
  const inDetails = objectOf(usage?.['input_tokens_details']);
  const outDetails = objectOf(usage?.['output_tokens_details']);
  const imageIn = numberOf(inDetails?.['image_tokens']);
  const textOut = numberOf(outDetails?.['text_tokens']);
  const overfull = (imageIn ?? 0) > (input ?? 0) || (textOut ?? 0) > (output ?? 0);
  if (overfull) return { buckets: { input: input ?? 0, imageOut: output ?? 0 }, source: 'provider', invalid: true };
  return provider({
    input: input === undefined ? undefined : input - (imageIn ?? 0),
    imageIn,
    output: textOut,
    imageOut: output === undefined ? undefined : output - (textOut ?? 0),
  });
}

/** Sound is metered by tokens or by the second; seconds are counted as units of `audioIn`. */
function readAudioUsage(body: JsonObject, usage: JsonObject | undefined): Usage | undefined {
  if (textOf(usage?.['type']) === 'duration') return provider({ audioIn: wholeSeconds(usage?.['seconds']) });
  const details = objectOf(usage?.['input_token_details']) ?? objectOf(usage?.['input_tokens_details']);
  const read = readUsage(usage && details ? { ...usage, input_tokens_details: details } : usage);
  const seconds = wholeSeconds(usage?.['prompt_audio_seconds']);
  if (read && seconds !== undefined) return { ...read, buckets: { ...read.buckets, audioIn: seconds } };
  return read ?? provider({ audioIn: wholeSeconds(body['duration']) });
}

function wholeSeconds(value: unknown): number | undefined {
  const seconds = numberOf(value);
  return seconds === undefined ? undefined : Math.ceil(seconds);
}
