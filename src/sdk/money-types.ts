import type { Nanos, PageQuery } from './tenant-types.ts';

/** What usage can be grouped and filtered by. */
export type UsageDimension = 'customer' | 'key' | 'job' | 'model' | 'host' | 'endUser' | 'feature' | 'project';

/** A question about usage; instants are milliseconds or dates such as 2026-11-01. */
export interface UsageQuery extends PageQuery {
  readonly from: number | string;
  readonly to: number | string;
  /** Dimensions separated by commas. */
  readonly groupBy?: string | undefined;
  readonly every?: 'hour' | 'day' | 'month' | undefined;
  readonly timeZone?: string | undefined;
  readonly customer?: string | undefined;
  readonly key?: string | undefined;
  readonly job?: string | undefined;
  readonly model?: string | undefined;
  readonly host?: string | undefined;
  readonly endUser?: string | undefined;
  readonly feature?: string | undefined;
  readonly project?: string | undefined;
}

/** Sums of one group. Cost and margin are absent for a token of one customer. */
export interface UsageRow {
  readonly atMs?: number;
  readonly dimensions: { readonly [Dimension in UsageDimension]?: string };
  readonly units: { readonly [bucket: string]: number };
  readonly requests: number;
  readonly failed: number;
  readonly aborted: number;
  readonly cacheHits: number;
  readonly attempts: number;
  readonly unpriced: number;
  readonly estimated: number;
  readonly chargeNanos: Nanos;
  readonly costNanos?: Nanos;
  readonly marginNanos?: Nanos;
  readonly wasteNanos?: Nanos;
}

/** One settled request, short. */
export interface Exchange {
  readonly requestId: string;
  readonly startedAtMs: number;
  readonly customer: string;
  readonly key: string;
  readonly job: string;
  readonly model: string;
  readonly host: string;
  readonly endUser: string;
  readonly status: string;
  readonly httpStatus: number;
  readonly chargeNanos: Nanos | null;
  readonly costNanos?: Nanos | null;
  readonly marginNanos?: Nanos | null;
  readonly isEstimated: boolean;
}

/** An account of the books. */
export interface LedgerAccount {
  readonly kind: string;
  readonly owner: string;
  readonly balanceNanos: Nanos;
  readonly debitNanos: Nanos;
  readonly creditNanos: Nanos;
}

/** An invoice or credit note without its lines. */
export interface InvoiceHead {
  readonly id: string;
  readonly kind: 'invoice' | 'credit_note';
  readonly customer: string;
  readonly status: 'draft' | 'finalised' | 'paid' | 'void';
  readonly number: string | null;
  readonly currency: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly netNanos: Nanos;
  readonly totalNanos: Nanos;
  readonly sha256: string | null;
}

/** An invoice or credit note. */
export interface Invoice extends InvoiceHead {
  readonly lines: readonly {
    readonly kind: string;
    readonly description: string;
    readonly units: string | null;
    readonly unit: string;
    readonly amountNanos: Nanos;
  }[];
}

/** How USD become the currency of an invoice. */
export interface ExchangeRate {
  readonly currency: string;
  /** Units of the currency for one USD, such as `0.92`. */
  readonly rate: string;
  /** Of which day, such as `2026-11-30`. */
  readonly rateDate: string;
  /** Whose rate it is; stands on the invoice. */
  readonly source: string;
}

/** Which month to draft. */
export interface InvoiceInput {
  readonly customer: string;
  readonly year: number;
  readonly month: number;
  readonly taxes?: readonly { readonly name: string; readonly percent: string }[] | undefined;
  /** For customers billed in another currency than USD. */
  readonly exchange?: ExchangeRate | undefined;
  readonly dueDays?: number | undefined;
}
