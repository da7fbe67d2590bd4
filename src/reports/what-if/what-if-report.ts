import type { Concentration } from '../../domain/statistics/concentration.ts';

/** What the replay of the log gives in one way of routing. */
export interface Scenario {
  readonly costNanos: bigint;
  readonly deltaNanos: bigint;
  /** Change in parts per million of the logged cost, exact; undefined when that was nothing. */
  readonly changePpm: bigint | undefined;
  /** Requests that another model or host answers. */
  readonly moved: number;
  /** Requests that nobody answers; their cost is in no sum. */
  readonly unserved: number;
  /** Change of expected successes over all requests with known candidates. */
  readonly successDelta: number;
}

/** What it means for one customer. */
export interface CustomerEffect {
  readonly customer: string;
  readonly requests: number;
  readonly costNanos: bigint;
  readonly marginNanos: bigint;
  readonly frozenMarginDeltaNanos: bigint;
  readonly redecidedMarginDeltaNanos: bigint;
  readonly unserved: number;
}

/** How a job could leave what it mainly uses. */
export interface JobExposure {
  readonly job: string;
  readonly spendNanos: bigint;
  readonly model: string;
  /** Cheapest per success of those proven not to be worse; undefined: none is. */
  readonly alternative: string | undefined;
  /** Extra cost of switching as a share of the present cost; undefined: there is nothing to switch to. */
  readonly switchCost: number | undefined;
}

/** How dependent the spend is. */
export interface Exposure {
  /** 0: every job can leave for nothing; 1: none can. */
  readonly index: number;
  /** Share of the spend whose job has a proven alternative. */
  readonly coveredShare: number;
  readonly jobs: readonly JobExposure[];
  readonly byHost: ConcentrationFigure | undefined;
  readonly byModel: ConcentrationFigure | undefined;
}

/** Concentration of spend and of successes. */
export interface ConcentrationFigure {
  readonly spend: Concentration;
  readonly successes: Concentration | undefined;
}

/** The whole answer to a what-if. */
export interface WhatIfReport {
  readonly question: string;
  readonly requests: number;
  /** Requests whose cost is unknown: they are in no sum. */
  readonly unpriced: number;
  /** Requests without a logged choice: their routing stays as it was. */
  readonly undecided: number;
  readonly costNanos: bigint;
  /** Part of the cost that the question is about. */
  readonly affectedNanos: bigint;
  readonly frozen: Scenario;
  readonly redecided: Scenario;
  /** Most hit first. */
  readonly customers: readonly CustomerEffect[];
  readonly exposure: Exposure;
  readonly assumptions: readonly string[];
}
