import type { UsageBuckets } from '../../../domain/rating/usage.ts';

/** Figures as most logs report them: parents include their parts. */
export interface ReportedUsage {
  /** All of the input, cached, written and other modalities included. */
  readonly input: number;
  /** All of the output, reasoning and other modalities included. */
  readonly output: number;
  readonly cacheRead?: number | undefined;
  readonly cacheWrite5m?: number | undefined;
  readonly cacheWrite1h?: number | undefined;
  readonly audioIn?: number | undefined;
  readonly imageIn?: number | undefined;
  readonly reasoning?: number | undefined;
  readonly audioOut?: number | undefined;
  readonly imageOut?: number | undefined;
  readonly requests?: number | undefined;
}

/** Disjoint buckets, and whether the parts were more than their whole. */
export interface SplitUsage {
  readonly buckets: UsageBuckets;
  readonly invalid: boolean;
}

type MutableBuckets = { -readonly [Bucket in keyof UsageBuckets]: number };
/** Takes the parts out of their wholes. Parts larger than the whole are a contradiction: the whole counts, as one. */
export function splitUsage(reported: ReportedUsage): SplitUsage {
  const { cacheRead = 0, cacheWrite5m = 0, cacheWrite1h = 0, audioIn = 0, imageIn = 0 } = reported;
  const { reasoning = 0, audioOut = 0, imageOut = 0, requests = 0 } = reported;
  const input = reported.input - cacheRead - cacheWrite5m - cacheWrite1h - audioIn - imageIn;
  const output = reported.output - reasoning - audioOut - imageOut;
  const buckets: MutableBuckets = {
    input: input < 0 ? reported.input : input,
    output: output < 0 ? reported.output : output,
  };
  // Property by property: rows come by the million, and a loop over names costs several times as much.
  if (input >= 0) {
    if (cacheRead > 0) buckets.cacheRead = cacheRead;
    if (cacheWrite5m > 0) buckets.cacheWrite5m = cacheWrite5m;
    if (cacheWrite1h > 0) buckets.cacheWrite1h = cacheWrite1h;
    if (audioIn > 0) buckets.audioIn = audioIn;
    if (imageIn > 0) buckets.imageIn = imageIn;
  }
  if (output >= 0) {
    if (reasoning > 0) buckets.reasoning = reasoning;
    if (audioOut > 0) buckets.audioOut = audioOut;
    if (imageOut > 0) buckets.imageOut = imageOut;
  }
  if (requests > 0) buckets.requests = requests;
  return { buckets, invalid: input < 0 || output < 0 };
}
