import type { LoggedExchange } from '../../domain/facts/exchange-log.ts';
import type { DecisionFact, RoutedCandidateFact } from '../../domain/facts/facts.ts';
import type { SuccessRule } from '../../domain/outcomes/success-rule.ts';
import type { DecisionKind, LoggedCandidate, LoggedDecision } from './logged-decision.ts';

/** Reads a routed exchange as one row of a policy evaluation; undefined when no choice among models was made. */
export function readLoggedDecision(
  exchange: LoggedExchange,
  rule: SuccessRule,
  options: ReadOptions = {},
): LoggedDecision | undefined {
  const { final, decision, outcomes, costNanos } = exchange;
  const { routing } = decision ?? {};
  if (decision === undefined || routing === undefined) return undefined;
  const success = rule.judge(outcomes);
  return {
    requestId: final.requestId,
    atMs: decision.atMs,
    job: decision.job ?? '',
    jobVersion: routing.jobVersionId,
    ...choiceAmong(decision, routing.candidates, options),
    reward: success === 'unknown' ? undefined : success,
    costNanos: costNanos === null ? undefined : Number(costNanos),
    latencyMs: final.totalMs,
    segments: { 'prompt length': lengthClass(routing.inputTokens) },
  };
}

/** How a log is read for one policy. */
export interface ReadOptions {
  /**
   * The policy leaves the job's cascade as it is: then a choice is the model that was drawn, with whatever chain that
   * led to. Otherwise a policy's choice is a model that answers alone.
   */
  readonly keepsCascade?: boolean;
}

/**
 * Whether a chain is made depends on what was drawn: left out, the rest would no longer be as the chances say. So a
 * chain is an action of its own, with the chance of the draw times that of not being held out of it.
 */
function choiceAmong(
  { cascade, heldOutCascade, rollout, model }: DecisionFact,
  facts: readonly RoutedCandidateFact[],
  { keepsCascade = false }: ReadOptions,
): Pick<LoggedDecision, 'kind' | 'candidates' | 'chosen'> {
  const candidates = facts.map(readCandidate);
  const single = candidates.findIndex((one) => one.model === (cascade?.single ?? model));
  const kind: DecisionKind = rollout !== undefined && rollout.propensity < 1 ? 'divided' : 'plain';
  const chain = cascade ?? heldOutCascade;
  const alone = candidates[single];
  if (chain === undefined || keepsCascade || alone === undefined) return { kind, candidates, chosen: single };
  const { propensity = 1 } = chain;
  const ofChain = cascade === undefined ? 1 - propensity : propensity;
  candidates[single] = { ...alone, propensity: alone.propensity * (1 - ofChain) };
  candidates.push({
    model: chain.stages.join(' > '),
    quality: chain.success,
    costNanos: Number(chain.costNanos),
    latencyMs: alone.latencyMs,
    propensity: alone.propensity * ofChain,
    isExcluded: true,
  });
  if (cascade === undefined) return { kind, candidates, chosen: single };
  return { kind: ofChain < 1 || kind === 'divided' ? kind : 'chain', candidates, chosen: candidates.length - 1 };
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
function lengthClass(inputTokens: number): string {
  if (inputTokens <= 1_000) return 'to 1k tokens';
  if (inputTokens <= 10_000) return 'to 10k tokens';
  return inputTokens <= 100_000 ? 'to 100k tokens' : 'over 100k tokens';
}
