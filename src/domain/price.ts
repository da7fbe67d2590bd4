import type { UsageBucket } from './usage.ts';

/** Price of one endpoint at one time: pico-USD per unit of each bucket. An absent bucket is unknown, 0 is free. */
export interface Price {
  /** Identifies the version that rated an attempt; stored in its fact. */
  readonly versionId: string;
  readonly picosPerUnit: { readonly [Bucket in UsageBucket]?: bigint };
}
