import type { BudgetRule } from './contract.ts';
import type { PeriodSpan } from './period.ts';

/** What is known of a counter beyond this gateway, for messages and for the size of leases. */
export interface CounterView {
  readonly limitNanos: bigint;
  readonly spentNanos: bigint;
  /** Owned by all gateways, this one included. */
  readonly leasedNanos: bigint;
  /** Of this gateway's grants: what the projector has moved to spent. */
  readonly settledNanos: bigint;
}

/** One budget's spending of one subject in one period, as this gateway keeps it. Totals only grow. */
export class Counter {
  /** Replaced when only its limit changes. */
  rule: BudgetRule;
  readonly subject: string;
  readonly period: PeriodSpan;
  /** What this gateway may use in all: the limit itself, or the leases it was granted. */
  ceilingNanos: bigint;
  usedNanos = 0n;
  heldNanos = 0n;
  /** Not known before the first look at the database. */
  view: CounterView | undefined;
  /** On its way back to the database: still in its total, no longer in the ceiling. */
  returningNanos = 0n;
  /** This run has been granted something. */
  isLeased = false;
  /** Admitted since the last tick. */
  admittedNanos = 0n;
  /** Admitted in the second before. */
  burnNanos = 0n;
  /** From this amount on the database refused a moment ago: asking again at once would only cost. */
  refusedNanos: bigint | undefined;
  refusedUntilMs = 0;
  /** What requests in the queue are missing. */
  wantedNanos = 0n;
  lastUsedMs = 0;

  constructor(rule: BudgetRule, subject: string, period: PeriodSpan) {
    this.rule = rule;
    this.subject = subject;
    this.period = period;
    this.ceilingNanos = 0n;
  }

  /** May be negative after an exchange that used more than it held. */
  get unusedNanos(): bigint {
    return this.ceilingNanos - this.usedNanos - this.heldNanos;
  }

  fits(amountNanos: bigint): boolean {
    return this.ceilingNanos - this.usedNanos - this.heldNanos >= amountNanos;
  }

  /** Spent by everybody as far as this gateway knows: projected, and its own that is not projected yet. */
  get spentNanos(): bigint {
    if (this.view === undefined) return this.usedNanos;
    const { spentNanos, settledNanos } = this.view;
    return spentNanos + (this.usedNanos > settledNanos ? this.usedNanos - settledNanos : 0n);
  }

  /** Reserved by running exchanges, those of other gateways as far as they are known. */
  get reservedNanos(): bigint {
    if (this.view === undefined) return this.heldNanos;
    const ownNanos = this.ceilingNanos - this.view.settledNanos;
    const othersNanos = this.view.leasedNanos - ownNanos;
    return this.heldNanos + (othersNanos > 0n ? othersNanos : 0n);
  }

  get limitNanos(): bigint {
    return this.view?.limitNanos ?? this.rule.limitNanos;
  }
}
