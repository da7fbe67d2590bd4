import type { LoggedExchange } from '../../domain/exchange-log.ts';
import type { DecisionFact, RoutedCandidateFact } from '../../domain/facts.ts';
import type { SuccessRule } from '../../domain/success-rule.ts';
import type { DecisionKind, LoggedCandidate, LoggedDecision } from './logged-decision.ts';

/** Reads a routed exchange as one row of a policy evaluation; undefined when no choice among models was made. */
export function readLoggedDecision(exchange: LoggedExchange, rule: SuccessRule): LoggedDecision | undefined {
  const { final, decision, outcomes, costNanos } = exchange;
  const { routing } = decision ?? {};
  if (decision === undefined || routing === undefined) return undefined;
  const success = rule.judge(outcomes);
  return {
    requestId: final.requestId,
    atMs: decision.atMs,
    job: decision.job ?? '',
    jobVersion: routing.jobVersionId,
    kind: kindOf(decision),
    candidates: routing.candidates.map(readCandidate),
    chosen: routing.candidates.findIndex(({ model }) => model === (decision.cascade?.single ?? decision.model)),
    reward: success === 'unknown' ? undefined : success,
    costNanos: costNanos === null ? undefined : Number(costNanos),
    latencyMs: final.totalMs,
    segments: { 'prompt length': lengthClass(routing.inputTokens) },
  };
}

/** Whether a chain is made depends on what was drawn: left out, the rest would no longer be as the chances say. */
function kindOf({ cascade, rollout }: DecisionFact): DecisionKind {
  if (cascade !== undefined) return 'chain';
  return rollout !== undefined && rollout.propensity < 1 ? 'divided' : 'plain';
}

function readCandidate({
  model,
  quality,
  costNanos,
  latencyMs,
  propensity,
  excluded,
  excludedBy,
}: RoutedCandidateFact): LoggedCandidate {
  return {
    model,
    quality,
    costNanos: costNanos === null ? 0 : Number(costNanos),
    latencyMs,
    propensity,
    // A floor is the logging policy's own wish; everything else holds for every policy. A price that nobody knows
    // cannot be weighed.
    isExcluded: costNanos === null || (excluded !== undefined && excludedBy !== 'floor'),
  };
}

/** Classes in which prompts are shown: models differ between them. */
export function lengthClass(inputTokens: number): string {
  if (inputTokens <= 1_000) return 'to 1k tokens';
  if (inputTokens <= 10_000) return 'to 10k tokens';
  return inputTokens <= 100_000 ? 'to 100k tokens' : 'over 100k tokens';
}
