import type { UsageBucket } from '../../domain/rating/usage.ts';

/**
 * Why a cell differs. `missing_rows`: one side has use that the other lacks. `price`: the same units at another price.
 * `bucket_shift`: the same units in other buckets. `time_zone_shift`: the same use on a neighbouring day.
 * `unknown_model`: a model that we never called by this name. `rounding`: within tolerance.
 */
export type DifferenceClass =
  | 'equal'
  | 'rounding'
  | 'missing_rows'
  | 'price'
  | 'bucket_shift'
  | 'time_zone_shift'
  | 'unknown_model';

/** Units by bucket. */
export type UnitSums = { readonly [Bucket in UsageBucket]?: bigint };

/** One side of a cell. */
export interface SideSum {
  /** null: this side tells no units. */
  readonly units: UnitSums | null;
  /** null: this side tells no amount. */
  readonly amountNanos: bigint | null;
}

/** What we metered of one day, model and key. */
export interface OurSum extends SideSum {
  readonly units: UnitSums;
  readonly amountNanos: bigint;
  readonly estimatedNanos: bigint;
}

/** One day, model and key, seen from both sides. */
export interface ReconciledCell {
  readonly day: number;
  readonly model: string;
  readonly key: string;
  readonly ours: OurSum | undefined;
  readonly theirs: SideSum | undefined;
  /** Ours less theirs; null when one side tells no amount. */
  readonly deltaNanos: bigint | null;
  readonly difference: DifferenceClass;
  /** On which side use is missing. */
  readonly missingOn?: 'ours' | 'theirs';
}

/** A model whose use stands on other days because the bill is written in another time zone. */
export interface TimeZoneShift {
  readonly model: string;
  /** Hours to add to our clock to get theirs. */
  readonly hours: number;
}

/** A bill compared with our own figures. */
export interface ReconciliationReport {
  readonly host: string;
  readonly firstDay: number;
  readonly lastDay: number;
  /** Cells are told apart by key, because the bill names the same keys as we do. */
  readonly isByKey: boolean;
  readonly shifts: readonly TimeZoneShift[];
  readonly cells: readonly ReconciledCell[];
  readonly oursNanos: bigint;
  readonly theirsNanos: bigint;
  readonly deltaNanos: bigint;
  /** Ours as a share of theirs; null when they bill nothing. */
  readonly coveragePpm: bigint | null;
  /** Share of our amount that is estimated. */
  readonly estimatedPpm: bigint;
  readonly classes: readonly {
    readonly difference: DifferenceClass;
    readonly cells: number;
    readonly deltaNanos: bigint;
  }[];
  /** What the bill has beyond our figures, outside tolerance and after alignment: to be posted. */
  readonly varianceNanos: bigint;
}
