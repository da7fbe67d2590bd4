import type { RoiReport, SuccessValue } from '../../reports/index.ts';

/** A job whose return is asked for, as text and numbers only: it goes to another thread. */
export interface JobQuestion {
  readonly job: string;
  readonly rule: string;
  readonly value: SuccessValue | undefined;
  /** Model to compare with; undefined: no saving is shown. */
  readonly baseline: string | undefined;
  /** Points of success that may be lost against it. */
  readonly margin: number;
}

/** Which requests of a job are asked for one by one, newest first. */
export interface RowsQuestion {
  readonly outcome: OutcomeFilter;
  readonly from: number;
  readonly limit: number;
}

/** What is known of an answer: `told` is success or failure. */
export type OutcomeFilter = 'all' | 'told' | 'success' | 'failure' | 'unknown';
/** Every filter, in the order in which people are offered them. */
export const outcomeFilters: readonly OutcomeFilter[] = ['all', 'told', 'success', 'failure', 'unknown'];

/** Everything that is asked at once: the journal is read once for all of it. */
export interface ReturnsQuestion {
  readonly fromMs: number;
  readonly toMs: number;
  readonly jobs: readonly JobQuestion[];
  /** Requests behind the figures; only with a single job. */
  readonly rows?: RowsQuestion;
  readonly mostExchanges: number;
}

/** One job's report; a job without requests has none. */
export interface MeasuredReturn {
  readonly report: RoiReport;
  /** The baseline was no candidate of any request. */
  readonly isBaselineUnknown: boolean;
}

/** One request as the figures see it; amounts in nano-USD, those of models that were not asked are expectations. */
export interface ReturnRow {
  readonly requestId: string;
  readonly atMs: number;
  readonly customer: string;
  readonly model: string;
  readonly host: string;
  readonly success: 1 | 0 | 'unknown';
  readonly costNanos: bigint | null;
  readonly draftNanos: bigint;
  /** What the baseline, the best single model and the drawn one alone would have cost; absent without a logged choice. */
  readonly steps?: {
    readonly baselineNanos: number;
    readonly staticBestNanos: number;
    readonly singleNanos: number;
  };
}

/** The answer to a question. */
export interface ReturnsAnswer {
  readonly jobs: readonly MeasuredReturn[];
  readonly rows: readonly ReturnRow[];
  /** There are further rows after these. */
  readonly hasMore: boolean;
  /** Requests beyond what one report looks at. */
  readonly leftOut: number;
}
