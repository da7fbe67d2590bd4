import type { RoutePolicy } from './route-input.ts';

/** What a job may spend on trying others. */
export interface ExplorationLimits {
  readonly maxShare: number;
  /** undefined: the share alone limits. */
  readonly nanosPerDay: number | undefined;
}

interface Spending {
  spentNanos: number;
  extraNanos: number;
}

const dayMs = 86_400_000;
const mostJobs = 10_000;
/**
 * Exploration falls with the square root of what is known, of which priors are a part. Found on graded prompts together
 * with the learner's constants, for the usual share; who allows more of its spend wants to know sooner.
 */
const firstGamma = 20;
/** Answers that knowing the models beforehand is worth. */
const knownBefore = 300;
const leastShare = 0.002;
const usualShare = 0.02;

/** Keeps what trying others costs within its money: a share of each job's spend, and an amount a day. */
export class ExplorationBudget {
  readonly #jobs = new Map<string, Spending>();
  #day = -1;

  /** How a job may explore now; undefined: not at all. */
  policyOf(
    job: string,
    limits: ExplorationLimits | undefined,
    at: { readonly nowMs: number; readonly outcomes: number },
  ): RoutePolicy['exploration'] {
    if (!limits || limits.maxShare <= 0) return undefined;
    const { spentNanos, extraNanos } = this.#spendingOf(job, at.nowMs);
    const left = Math.min(limits.maxShare * spentNanos, limits.nanosPerDay ?? Number.POSITIVE_INFINITY) - extraNanos;
    const eagerness = limits.maxShare / usualShare;
    const gamma = (firstGamma / eagerness) * Math.sqrt(knownBefore + at.outcomes);
    return { gamma, epsilon: Math.min(usualShare, leastShare * eagerness), allowanceNanos: Math.max(0, left) };
  }

  /** Notes a decision: what it is expected to cost, and what the best choice would have. */
  note(job: string, cost: { readonly chosenNanos: number; readonly bestNanos: number }, nowMs: number): void {
    const spending = this.#spendingOf(job, nowMs);
    spending.spentNanos += cost.chosenNanos;
    spending.extraNanos += Math.max(0, cost.chosenNanos - cost.bestNanos);
  }

  #spendingOf(job: string, nowMs: number): Spending {
    const day = Math.floor(nowMs / dayMs);
    if (day !== this.#day || this.#jobs.size > mostJobs) {
      this.#day = day;
      this.#jobs.clear();
    }
    const known = this.#jobs.get(job) ?? { spentNanos: 0, extraNanos: 0 };
    this.#jobs.set(job, known);
    return known;
  }
}
