import type { ReturnFigures } from './return-cards.ts';

/** A sum of use in a span of time. */
export interface SpendFigure {
  readonly label: string;
  readonly costNanos: bigint;
  readonly chargeNanos: bigint;
  readonly requests: bigint;
  /** Requests whose cost is unknown: they are not in the amounts. */
  readonly unpriced: bigint;
  readonly href: string;
}

/** A day of the chart. */
export interface DayFigure {
  readonly dayMs: number;
  readonly costNanos: bigint;
  readonly chargeNanos: bigint;
}

/** One line of a ranking. */
export interface RankedFigure {
  readonly name: string;
  readonly requests: bigint;
  readonly costNanos: bigint;
  readonly chargeNanos: bigint;
  readonly href: string;
}

/** An open price alert, short. */
export interface AlertFigure {
  readonly subject: string;
  readonly summary: string;
}

/** What comes from the database; absent while there is none. */
export interface MoneyFigures {
  readonly spend: readonly SpendFigure[];
  readonly days: readonly DayFigure[];
  readonly customers: readonly RankedFigure[];
  readonly jobs: readonly RankedFigure[];
  readonly estimatedCostNanos: bigint;
  /** Cost of the same span, of which the estimated one is a share. */
  readonly totalCostNanos: bigint;
  /** Sum of what providers bill beyond our figures; null before the first bill was imported. */
  readonly unreconciledNanos: bigint | null;
  readonly alertCount: bigint;
  readonly alerts: readonly AlertFigure[];
  /** No model of a real host has answered in the span. */
  readonly isSimulatedOnly: boolean;
  /** How far the figures are behind the requests; null when nothing was projected yet. */
  readonly projectedToMs: number | null;
}

/** Everything the overview shows. */
export interface Overview {
  readonly atMs: number;
  readonly runningCount: number;
  readonly total: number;
  readonly money: MoneyFigures | undefined;
  readonly returns: ReturnFigures;
  /** Why there are no figures of money, when there are none. */
  readonly absence: string | undefined;
}
