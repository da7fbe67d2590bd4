import { type CandidatePolicy, choiceOf } from './candidate-policy.ts';
import type { LoggedDecision } from './logged-decision.ts';
import { type Expected, fitOutcomeModel } from './outcome-model.ts';
import { expectedNoise, type LoggedChoice, type PolicyValue, policyValue } from './policy-value.ts';
import { findRefusals, type Refusal } from './refusals.ts';

/** What is compared; `value` is success in money less cost, for jobs that say what a success is worth. */
const policyMetrics = ['value', 'quality', 'costNanos', 'latencyMs'] as const;
/** One of the compared figures. */
export type PolicyMetric = (typeof policyMetrics)[number];

/** One figure of both policies on the same log. */
export interface MetricComparison {
  /** Mean under the policy that made the log. */
  readonly logged: number;
  /** Under the candidate, by several estimators; `drClip` is the one that counts. */
  readonly candidate: PolicyValue;
  /** Candidate less logged, request by request. */
  readonly difference: { readonly mean: number; readonly interval: readonly [number, number] };
}

/** What the log says of a candidate policy for a part of the requests. */
export interface SegmentEvaluation {
  readonly segment: string;
  readonly requests: number;
  readonly observed: number;
  /** Requests for which the candidate would choose otherwise. */
  readonly changed: number;
  readonly metrics: { readonly [Metric in PolicyMetric]?: MetricComparison };
  /** Plain outcomes that the weighted ones are worth. */
  readonly effectiveSize: number;
  /** Why nothing may be concluded from the figures; empty when they hold. */
  readonly refusals: readonly Refusal[];
}

/** The whole evaluation: all requests, then jobs and other segments. */
export interface PolicyEvaluation {
  readonly all: SegmentEvaluation;
  readonly segments: readonly SegmentEvaluation[];
}

/** A logged decision under both policies. */
export interface WeighedDecision {
  readonly decision: LoggedDecision;
  /** Place of what the candidate policy takes. */
  readonly choice: number;
  readonly expected: Expected;
  readonly valueNanos: number | undefined;
}

/** Values a candidate policy from the log of another one; deterministic. */
export function evaluatePolicy(log: readonly LoggedDecision[], policy: CandidatePolicy): PolicyEvaluation {
  const inScope = log.filter(({ job }) => policy.jobs.has(job));
  // Halves by place in time alternate, so that both see every hour of the window.
  const halves = [0, 1].map((half) =>
    fitOutcomeModel(inScope.filter(({ kind }, at) => kind === 'plain' && at % 2 === half)),
  );
  const rows = inScope.flatMap((decision, at): WeighedDecision[] => {
    const expected = halves[(at + 1) % 2];
    const job = policy.jobs.get(decision.job);
    if (expected === undefined || job === undefined) return [];
    return [{ decision, expected, choice: choiceOf(job, decision), valueNanos: job.valueNanos }];
  });
  const groups = new Map<string, WeighedDecision[]>();
  for (const row of rows) {
    for (const name of segmentsOf(row.decision)) {
      const group = groups.get(name);
      if (group === undefined) groups.set(name, [row]);
      else group.push(row);
    }
  }
  return {
    all: evaluateSegment('all', rows),
    segments: [...groups].map(([name, group]) => evaluateSegment(name, group)),
  };
}

function segmentsOf({ job, segments }: LoggedDecision): readonly string[] {
  return [`job ${job}`, ...Object.entries(segments).map(([dimension, name]) => `${dimension} ${name}`)];
}

function evaluateSegment(segment: string, rows: readonly WeighedDecision[]): SegmentEvaluation {
  const usable = rows.filter(({ decision, choice }) => {
    const { propensity = 0 } = decision.candidates[decision.chosen] ?? {};
    return decision.kind === 'plain' && propensity > 0 && propensity <= 1 && choice >= 0;
  });
  const metrics: { [Metric in PolicyMetric]?: MetricComparison } = {};
  for (const metric of policyMetrics) {
    const comparison = compare(usable, metric);
    if (comparison !== undefined) metrics[metric] = comparison;
  }
  const effectiveSize = metrics.quality?.candidate.effectiveSize ?? 0;
  return {
    segment,
    requests: rows.length,
    observed: rows.filter(({ decision }) => decision.reward !== undefined).length,
    changed: rows.filter(({ decision, choice }) => choice !== decision.chosen).length,
    metrics,
    effectiveSize,
    refusals: findRefusals(rows, effectiveSize),
  };
}

function compare(rows: readonly WeighedDecision[], metric: PolicyMetric): MetricComparison | undefined {
  const choices: LoggedChoice[] = [];
  const differences: number[] = [];
  let logged = 0;
  for (const row of rows) {
    const figures = figuresOf(row, metric);
    if (figures === undefined) return undefined;
    const { choice, loggedValue } = figures;
    choices.push(choice);
    logged += loggedValue;
    const weight = Math.min(choice.probability / choice.propensity, 20);
    differences.push(choice.expectedPolicy + weight * (choice.reward - choice.expectedLogged) - loggedValue);
  }
  const candidate = policyValue(choices);
  if (candidate === undefined) return undefined;
  return { logged: logged / rows.length, candidate, difference: meanOf(differences) };
}

/**
 * One row for the estimator. Outcomes that nobody told are no failures: such a row stands for what is expected, and the
 * told ones count for the untold of their kind.
 */
function figuresOf(
  { decision, choice, expected, valueNanos }: WeighedDecision,
  metric: PolicyMetric,
): { choice: LoggedChoice; loggedValue: number } | undefined {
  const { chosen, reward, costNanos, latencyMs } = decision;
  if (metric === 'value' && valueNanos === undefined) return undefined;
  const guess = (at: number): number => {
    if (metric === 'quality') return expected.quality(decision, at);
    if (metric === 'latencyMs') return expected.latencyMs(decision, at);
    const cost = expected.costNanos(decision, at);
    return metric === 'costNanos' ? cost : expected.quality(decision, at) * (valueNanos ?? 0) - cost;
  };
  const told = {
    quality: reward,
    latencyMs,
    costNanos,
    value: reward === undefined || costNanos === undefined ? undefined : reward * (valueNanos ?? 0) - costNanos,
  }[metric];
  const needsOutcome = metric === 'quality' || metric === 'value';
  const share = needsOutcome ? expected.observed(decision) : 1;
  const expectedLogged = guess(chosen);
  const expectedPolicy = guess(choice);
  const wanted = (decision.candidates[choice]?.propensity ?? 0) * share;
  const seen = told ?? expectedLogged;
  return {
    choice: {
      propensity: (decision.candidates[chosen]?.propensity ?? 0) * share,
      probability: told !== undefined && choice === chosen ? 1 : 0,
      reward: seen,
      expectedLogged,
      expectedPolicy,
      // Only success passes or fails; of money and time the log itself says how they spread.
      ...(metric === 'quality' && {
        noise: expectedNoise([{ propensity: wanted, probability: 1, expected: expectedPolicy }]),
      }),
    },
    loggedValue: told === undefined ? expectedLogged : expectedLogged + (seen - expectedLogged) / share,
  };
}

function meanOf(values: readonly number[]): { mean: number; interval: readonly [number, number] } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const half = 1.96 * Math.sqrt(squares / (values.length - 1) / values.length);
  return { mean, interval: [mean - half, mean + half] };
}
