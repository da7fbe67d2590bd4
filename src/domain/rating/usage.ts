/** Disjoint usage buckets: no token is ever in two of them. Names equal the price keys of the configuration. */
export const usageBuckets = [
  'input',
  'cacheRead',
  'cacheWrite5m',
  'cacheWrite1h',
  'output',
  'reasoning',
  'audioIn',
  'audioOut',
  'imageIn',
  'imageOut',
  'videoIn',
  'requests',
  'computeMs',
] as const;

/** One disjoint usage bucket. */
export type UsageBucket = (typeof usageBuckets)[number];

/**
 * Buckets that are charged by the piece beside the model's own work: searches and other counted requests, and machine
 * time. Ratios for batches, regions and contracts do not touch them.
 */
export type FeeBucket = 'requests' | 'computeMs';

/** Whether a bucket is a fee beside the model's work. */
export function isFeeBucket(bucket: UsageBucket): bucket is FeeBucket {
  return bucket === 'requests' || bucket === 'computeMs';
}

/** Counted units per bucket; an absent bucket was not reported, an explicit 0 was. */
export type UsageBuckets = { readonly [Bucket in UsageBucket]?: number };

/**
 * Where a usage figure comes from. `provider`: the upstream said so; `estimated`: we counted, because the upstream
 * never told (cut, abort); a correction may follow.
 */
export type UsageSource = 'provider' | 'estimated';

/** Usage of one attempt with its origin. */
export interface Usage {
  readonly buckets: UsageBuckets;
  readonly source: UsageSource;
  /** The reported figures contradict each other (a leaf would be negative): the parent was billed instead. */
  readonly invalid?: boolean;
  /** Cost the provider itself reported for the attempt, in nano-USD. */
  readonly reportedCostNanos?: bigint;
  /** Service tier the upstream says it served, which decides the price. */
  readonly servedTier?: string;
  /** Region the upstream says it computed in; some prices differ by it. */
  readonly servedRegion?: string;
}

/** Every unit that counts as input to the model, whatever its price. */
export function totalInput(buckets: UsageBuckets): number {
  return (
    (buckets.input ?? 0) +
    (buckets.cacheRead ?? 0) +
    (buckets.cacheWrite5m ?? 0) +
    (buckets.cacheWrite1h ?? 0) +
    (buckets.audioIn ?? 0) +
    (buckets.imageIn ?? 0) +
    (buckets.videoIn ?? 0)
  );
}

/** Every unit the model produced, reasoning included. */
export function totalOutput(buckets: UsageBuckets): number {
  return (buckets.output ?? 0) + (buckets.reasoning ?? 0) + (buckets.audioOut ?? 0) + (buckets.imageOut ?? 0);
}
