/** The arithmetic of one attempt: amounts and prices as decimal text, `text` for people. */
export interface RatingExplanation {
  readonly lines: readonly {
    readonly bucket: string;
    readonly units: number;
    readonly picosPerUnit: string;
    readonly picos: string;
    readonly assumedFrom?: string;
    readonly isFee?: true;
  }[];
  readonly ratios: readonly { readonly kind: string; readonly ppm: string }[];
  readonly unpriced: readonly string[];
  readonly costNanos: string | null;
  readonly costSource: string;
  readonly computedCostNanos: string | null;
  readonly reportedCostNanos?: string;
  readonly priceVersionId?: string;
  readonly contractVersionId?: string;
  readonly text: readonly string[];
}

/** Answer of `GET /api/v1/requests/{requestId}/cost`. */
export interface CostExplanation {
  readonly requestId: string;
  readonly status: string;
  readonly customer: string | null;
  readonly model: string | null;
  readonly attempts: readonly {
    readonly attempt: number;
    readonly host: string;
    readonly upstreamModel: string;
    readonly startedAtMs: number;
    readonly flags: readonly string[];
    readonly costNanos: string | null;
    readonly rating: RatingExplanation | null;
    /** Computing it again gives what the journal says; null: the version is not known any more. */
    readonly isConfirmed: boolean | null;
  }[];
  readonly costNanos: string | null;
  readonly charge: {
    readonly planVersionId: string;
    readonly chargeNanos: string | null;
    readonly absorbedNanos: string;
    readonly isConfirmed: boolean | null;
    readonly text: readonly string[];
  } | null;
  readonly marginNanos: string | null;
}
