import type { Plan } from '../../domain/charges/plan.ts';
import type { UsageBucket } from '../../domain/rating/usage.ts';

/** What a line of an invoice is for. */
export type InvoiceLineKind =
  | 'base_fee'
  | 'seats'
  | 'usage'
  | 'settlement'
  | 'outcomes'
  | 'commitment'
  | 'prepaid'
  | 'adjustment'
  | 'credit';

/** One line of an invoice, exact; only the invoice's total is rounded. */
export interface InvoiceLine {
  /** Names what is billed within the covered period: the same thing has the same key whenever it is computed. */
  readonly key: string;
  readonly kind: InvoiceLineKind;
  readonly description: string;
  readonly units: bigint | null;
  readonly unit: string;
  readonly picosPerUnit: bigint | null;
  readonly planVersionId: string;
  /** Local days, half-open; those of an adjustment lie in an earlier period. */
  readonly coversStartDay: number;
  readonly coversEndDay: number;
  readonly amountNanos: bigint;
  /** The ledger has it already, from facts or from wallets; the others are posted with the invoice. */
  readonly isBooked: boolean;
  /** Hash over the journal ranges whose facts are in the amount. */
  readonly segmentsSha256: string | null;
}

/** Days of a period in which one version of a plan applied to a customer. */
export interface TermSpan {
  readonly plan: Plan;
  readonly seats: bigint;
  readonly startDay: number;
  readonly endDay: number;
}

/** Use of one model for one job in a span, summed up. */
export interface UseSum {
  readonly model: string;
  readonly job: string;
  readonly requests: bigint;
  readonly chargeNanos: bigint;
  /** Units by bucket that were charged by use. */
  readonly units: { readonly [Bucket in UsageBucket]?: bigint };
}

/** Outcomes of one kind that a plan charges for, summed up. */
export interface OutcomeSum {
  readonly kind: string;
  readonly count: bigint;
  readonly chargeNanos: bigint;
}

/** Everything that one span bills. */
export interface SpanUse {
  readonly span: TermSpan;
  readonly use: readonly UseSum[];
  readonly outcomes: readonly OutcomeSum[];
}
