import { usualValue } from '../choose/usual-value.ts';
import type { LoggedCandidate, LoggedDecision } from './logged-decision.ts';

/** What a policy wants of one job; what it does not name stays out of the choice. */
export interface JobPolicy {
  /** Only these may be chosen; undefined: whatever the log offers. */
  readonly models: readonly string[] | undefined;
  /** What one success is worth in nano-USD; undefined: `costWeight` says how much cost counts. */
  readonly valueNanos: number | undefined;
  /** At 1, five points of success are worth the usual cost; at 0 cost only breaks ties. */
  readonly costWeight: number;
  readonly nanosPerSecond: number;
  /** Nothing expected to be worse than the incumbent by more than the margin. */
  readonly floor: { readonly incumbent: string; readonly margin: number } | undefined;
}

/** A policy to be valued before it is used: settings by job. */
export interface CandidatePolicy {
  readonly jobs: ReadonlyMap<string, JobPolicy>;
}

/** The candidate that a policy takes for a logged request; -1 when it may take none. */
export function choiceOf(policy: JobPolicy, { candidates }: LoggedDecision): number {
  const incumbent = policy.floor && candidates.find(({ model }) => model === policy.floor?.incumbent);
  const least = incumbent && policy.floor ? incumbent.quality - policy.floor.margin : -Infinity;
  const isAllowed = ({ isExcluded, model }: LoggedCandidate): boolean =>
    !isExcluded && policy.models?.includes(model) !== false;
  const costs = candidates.filter(isAllowed).map(({ costNanos }) => costNanos);
  const valueNanos = policy.valueNanos ?? usualValue(costs, policy.costWeight);
  const worthOf = ({ quality, costNanos, latencyMs }: LoggedCandidate): number =>
    valueNanos === undefined
      ? quality
      : quality - (costNanos + (policy.nanosPerSecond * latencyMs) / 1000) / valueNanos;
  let best = -1;
  let fallback = -1;
  candidates.forEach((candidate, at) => {
    if (!isAllowed(candidate)) return;
    if (candidate === incumbent) fallback = at;
    if (candidate.quality < least) return;
    const other = candidates[best];
    if (other === undefined || isBefore(candidate, other, worthOf)) best = at;
  });
  return best < 0 ? fallback : best;
}

function isBefore(
  left: LoggedCandidate,
  right: LoggedCandidate,
  worthOf: (candidate: LoggedCandidate) => number,
): boolean {
  const gap = worthOf(left) - worthOf(right);
  if (gap !== 0) return gap > 0;
  return left.costNanos === right.costNanos ? left.model < right.model : left.costNanos < right.costNanos;
}
