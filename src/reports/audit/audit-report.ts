import type { Sum } from './findings/dimension.ts';

/** A stretch of time; undefined when no row was read. */
export interface Period {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What became of one file. */
export interface FileReport {
  readonly file: string;
  readonly format: string;
  readonly sizeBytes: number;
  readonly records: number;
  readonly rows: number;
  readonly skipped: readonly { readonly reason: string; readonly count: number }[];
  readonly badCount: number;
  /** The first bad records, with their lines. */
  readonly bad: readonly { readonly line: number; readonly reason: string }[];
  readonly unknownColumns: readonly string[];
}

/** Calls and what they cost. */
export interface CallsAndCost {
  readonly calls: number;
  readonly costNanos: bigint;
}

/** Calls of a model whose price is not known; they are in no total. */
export interface UnknownPrice {
  readonly model: string;
  readonly calls: number;
  readonly inputUnits: number;
  readonly outputUnits: number;
  /** What the log says they cost, where it does. */
  readonly statedNanos: bigint | undefined;
  readonly reason: string;
}

/** What a model cost, with what the log states beside it. */
export interface ModelSum extends Sum {
  readonly stated: StatedCost;
}

/** Our figures against those of the log, over the calls that have both. */
export interface StatedCost {
  readonly calls: number;
  readonly oursNanos: bigint;
  readonly theirsNanos: bigint;
}

/** What one change of a price cost, or saved when negative, from its day to the end of the log. */
export interface PriceMove {
  readonly model: string;
  readonly atMs: number;
  /** Pico-USD per unit before and after, of the buckets that changed. */
  readonly changes: readonly {
    readonly bucket: string;
    readonly beforePicos: bigint | undefined;
    readonly afterPicos: bigint | undefined;
  }[];
  readonly calls: number;
  readonly paidNanos: bigint;
}

/** Money that bought nothing, or bought it twice. */
export interface Waste {
  readonly failed: CallsAndCost;
  readonly aborted: CallsAndCost;
  /** Calls that repeated a request of the same client; what their first try cost is in the two above. */
  readonly retries: number;
  /** Requests that were the same, word by word, as one to the same model within a day. */
  readonly repeats: CallsAndCost & { readonly known: number };
  /** Upper bound of what a prompt cache would have saved on growing conversations. */
  readonly cacheable: CallsAndCost & { readonly conversations: boolean };
  /** Calls that a gateway's cache answered. */
  readonly cached: number;
}

/** The same weights at another host: what the same usage would have cost there. */
export interface CheaperHost {
  readonly model: string;
  readonly elsewhere: string;
  readonly calls: number;
  readonly costNanos: bigint;
  readonly elsewhereNanos: bigint;
  /** The part of the saving that is left after waste and caching; the waterfall adds these up. */
  readonly restSavedNanos: bigint;
  /** A bucket had no price there and was taken as fresh input. */
  readonly isAssumed: boolean;
  /** What would prove that the answers are as good. */
  readonly proof: string;
  /** The cheapest of several for this model. */
  readonly isBest: boolean;
}

/** One step of the waterfall from what was spent to what could be. */
export interface SavingStep {
  readonly name: string;
  readonly savedNanos: bigint;
  /** `paid`: money that is gone. `bound`: at most this much. `unproven`: only if the answers stay as good. */
  readonly certainty: 'paid' | 'bound' | 'unproven';
  readonly note: string;
}

/** What was taken for granted, with how many calls it touches. */
export interface Assumption {
  readonly text: string;
  readonly calls: number;
  readonly costNanos: bigint;
}

/** Everything an audit found. */
export interface AuditReport {
  readonly files: readonly FileReport[];
  readonly priceSource: string;
  readonly period: Period | undefined;
  readonly total: {
    readonly calls: number;
    readonly rows: number;
    readonly costNanos: bigint;
    readonly unpricedCalls: number;
    readonly duplicates: number;
    /** Every row was read and priced. */
    readonly isComplete: boolean;
  };
  readonly stated: StatedCost;
  readonly byModel: readonly ModelSum[];
  readonly byJob: readonly Sum[];
  readonly byUser: readonly Sum[];
  readonly byKey: readonly Sum[];
  /** Days in order, each with the cost by model. */
  readonly byDay: readonly {
    readonly day: string;
    readonly calls: number;
    readonly costNanos: bigint;
    readonly models: ReadonlyMap<string, bigint>;
  }[];
  readonly unknownPrices: readonly UnknownPrice[];
  readonly priceMoves: readonly PriceMove[];
  readonly waste: Waste;
  readonly cheaperHosts: readonly CheaperHost[];
  readonly savings: readonly SavingStep[];
  readonly assumptions: readonly Assumption[];
}
