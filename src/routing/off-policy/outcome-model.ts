import type { LoggedDecision } from './logged-decision.ts';

/** What a model of the log expects of each candidate of a decision. */
export interface Expected {
  quality(decision: LoggedDecision, candidate: number): number;
  costNanos(decision: LoggedDecision, candidate: number): number;
  latencyMs(decision: LoggedDecision, candidate: number): number;
  /** Chance that an outcome of the logged choice is told at all. */
  observed(decision: LoggedDecision): number;
}

interface Sums {
  chosen: number;
  observed: number;
  reward: number;
  priced: number;
  cost: number;
  expectedCost: number;
  latency: number;
  expectedLatency: number;
}

/** Logged outcomes that the router's own expectation counts as: few answers move it little. */
const pseudoCount = 8;

/**
 * Corrects what the router expected by what became of it, per job and model. It is fitted on one half of the log and
 * used on the other, so that no row explains itself.
 */
export function fitOutcomeModel(log: readonly LoggedDecision[]): Expected {
  const byModel = new Map<string, Sums>();
  const byJob = new Map<string, { chosen: number; observed: number }>();
  for (const decision of log) {
    const candidate = decision.candidates[decision.chosen];
    if (candidate === undefined) continue;
    const sums = sumsOf(byModel, `${decision.job}\n${candidate.model}`);
    const job = byJob.get(decision.job) ?? { chosen: 0, observed: 0 };
    byJob.set(decision.job, job);
    sums.chosen++;
    job.chosen++;
    if (decision.reward !== undefined) {
      sums.observed++;
      job.observed++;
      sums.reward += decision.reward - candidate.quality;
    }
    if (decision.costNanos !== undefined) {
      sums.priced++;
      sums.cost += decision.costNanos;
      sums.expectedCost += candidate.costNanos;
    }
    sums.latency += decision.latencyMs;
    sums.expectedLatency += candidate.latencyMs;
  }
  const known = ({ job, candidates }: LoggedDecision, at: number): Sums | undefined =>
    byModel.get(`${job}\n${candidates[at]?.model ?? ''}`);
  return {
    quality(decision, at) {
      const quality = decision.candidates[at]?.quality ?? 0;
      const sums = known(decision, at);
      return sums === undefined ? quality : clamp(quality + sums.reward / (pseudoCount + sums.observed));
    },
    costNanos(decision, at) {
      const sums = known(decision, at);
      const expected = decision.candidates[at]?.costNanos ?? 0;
      return sums === undefined
        ? expected
        : corrected(expected, { actual: sums.cost, expected: sums.expectedCost, count: sums.priced });
    },
    latencyMs(decision, at) {
      const sums = known(decision, at);
      const expected = decision.candidates[at]?.latencyMs ?? 0;
      return sums === undefined
        ? expected
        : corrected(expected, { actual: sums.latency, expected: sums.expectedLatency, count: sums.chosen });
    },
    observed(decision) {
      const job = byJob.get(decision.job);
      const sums = known(decision, decision.chosen);
      const share = job === undefined || job.chosen === 0 ? 1 : job.observed / job.chosen;
      const observed = ((sums?.observed ?? 0) + pseudoCount * share) / ((sums?.chosen ?? 0) + pseudoCount);
      return Math.max(0.01, observed);
    },
  };
}

function sumsOf(byModel: Map<string, Sums>, name: string): Sums {
  let sums = byModel.get(name);
  if (sums === undefined) {
    sums = { chosen: 0, observed: 0, reward: 0, priced: 0, cost: 0, expectedCost: 0, latency: 0, expectedLatency: 0 };
    byModel.set(name, sums);
  }
  return sums;
}

/** Costs and waits are off by a factor rather than by an amount. */
function corrected(value: number, sums: { actual: number; expected: number; count: number }): number {
  if (sums.count === 0) return value;
  if (sums.expected === 0) return sums.actual / sums.count;
  const pseudo = (pseudoCount * sums.expected) / sums.count;
  return value * ((pseudo + sums.actual) / (pseudo + sums.expected));
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}
