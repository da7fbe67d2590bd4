import { usageBuckets, type UsageBuckets } from '../../../domain/rating/usage.ts';

/** Units by bucket, in the order of `usageBuckets`; what was not reported is 0. */
export type Units = Float64Array;

/** Number of buckets. */
export const bucketCount = usageBuckets.length;

/** An empty set of units. */
export function noUnits(): Units {
  return new Float64Array(bucketCount);
}

/** Writes the units of a row into an array that is used again for every row: a list is quicker to go through than names. */
export function readUnits(buckets: UsageBuckets, into: Units): void {
  // Property by property, in the order of `usageBuckets`: a loop over names costs more than all of the rating.
  into[0] = buckets.input ?? 0;
  into[1] = buckets.cacheRead ?? 0;
  into[2] = buckets.cacheWrite5m ?? 0;
  into[3] = buckets.cacheWrite1h ?? 0;
  into[4] = buckets.output ?? 0;
  into[5] = buckets.reasoning ?? 0;
  into[6] = buckets.audioIn ?? 0;
  into[7] = buckets.audioOut ?? 0;
  into[8] = buckets.imageIn ?? 0;
  into[9] = buckets.imageOut ?? 0;
  into[10] = buckets.videoIn ?? 0;
  into[11] = buckets.requests ?? 0;
  into[12] = buckets.computeMs ?? 0;
}

/** Adds units to a sum, bucket by bucket. */
export function addUnits(sum: Units, units: Units): void {
  for (let at = 0; at < bucketCount; at++) sum[at] = (sum[at] ?? 0) + (units[at] ?? 0);
}

/** Everything the model read; the same buckets as `totalInput`. */
export function totalInputOf(units: Units): number {
  const text = (units[0] ?? 0) + (units[1] ?? 0) + (units[2] ?? 0) + (units[3] ?? 0);
  return text + (units[6] ?? 0) + (units[8] ?? 0) + (units[10] ?? 0);
}

/** Everything the model produced; the same buckets as `totalOutput`. */
export function totalOutputOf(units: Units): number {
  return (units[4] ?? 0) + (units[5] ?? 0) + (units[7] ?? 0) + (units[9] ?? 0);
}
