import type { UsageBuckets } from '../../../domain/usage.ts';

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
type Part = keyof UsageBuckets & keyof ReportedUsage;
const inputParts: readonly Part[] = ['cacheRead', 'cacheWrite5m', 'cacheWrite1h', 'audioIn', 'imageIn'];
const outputParts: readonly Part[] = ['reasoning', 'audioOut', 'imageOut'];

/** Takes the parts out of their wholes. Parts larger than the whole are a contradiction: the whole counts, as one. */
export function splitUsage(reported: ReportedUsage): SplitUsage {
  const buckets: MutableBuckets = {};
  const isInputValid = takeParts(buckets, reported, { whole: 'input', parts: inputParts });
  const isOutputValid = takeParts(buckets, reported, { whole: 'output', parts: outputParts });
  if (reported.requests) buckets.requests = reported.requests;
  return { buckets, invalid: !isInputValid || !isOutputValid };
}

function takeParts(
  buckets: MutableBuckets,
  reported: ReportedUsage,
  side: { readonly whole: 'input' | 'output'; readonly parts: readonly Part[] },
): boolean {
  let rest = reported[side.whole];
  for (const part of side.parts) rest -= reported[part] ?? 0;
  if (rest < 0) {
    buckets[side.whole] = reported[side.whole];
    return false;
  }
  buckets[side.whole] = rest;
  for (const part of side.parts) {
    const units = reported[part];
    if (units) buckets[part] = units;
  }
  return true;
}
