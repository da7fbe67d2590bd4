import type { ExclusionCause } from '../../domain/facts/facts.ts';
import { Fault } from '../../domain/faults/fault.ts';
import { type Choice, type ChoiceReason, chooseByEstimates, type Tradeoff } from '../choose/choose-model.ts';
import { estimateCandidates, type EstimateLevel, type Estimates } from '../choose/estimate-candidates.ts';
import { usualValue } from '../choose/usual-value.ts';
import type { RoutingState } from '../estimate/routing-state.ts';
import { decodeFeatures } from '../features/feature-text.ts';
import type { HostChoice } from './choose-host.ts';
import { type PreparedCandidate, prepareCandidates } from './route-candidates.ts';
import type { RouteInput } from './route-input.ts';

/** What was expected of one candidate. */
export interface RoutedCandidate {
  readonly model: string;
  readonly quality: number;
  /** Lower bound of the quality, one-sided 95%. */
  readonly lower: number;
  /** Graded answers behind it, discounted by age. */
  readonly evidence: number;
  /** undefined: a price is unknown. */
  readonly costNanos: number | undefined;
  readonly latencyMs: number;
  /** In units of one success. */
  readonly utility: number;
  readonly propensity: number;
  readonly excluded?: string;
  /** What kept it out; absent when nothing did. */
  readonly excludedBy?: ExclusionCause;
}

/** A decision with everything that explains it. */
export interface RoutedDecision {
  readonly model: string;
  readonly reason: ChoiceReason;
  readonly level: EstimateLevel;
  /** Endpoints in the order they are tried. */
  readonly ranked: readonly string[];
  readonly candidates: readonly RoutedCandidate[];
  /** Endpoints of the chosen model with the probability of each to come first. */
  readonly hosts: HostChoice['shares'];
  readonly hostBy: HostChoice['by'];
  /** Probability of exactly this first endpoint: of its model, times of its host. */
  readonly propensity: number;
  readonly runnerUp: string | undefined;
  readonly excluded: readonly { readonly endpoint: string; readonly reason: string }[];
  /** What one success was taken to be worth; undefined: cost broke ties only. */
  readonly valueNanos: number | undefined;
  readonly stateId: string;
}

const oneSided95 = 1.645;

/** Chooses a model, then its host. Pure: the same snapshot and input give the same decision, byte for byte. */
export function decideRoute(state: RoutingState, input: RouteInput): RoutedDecision | Fault {
  const prepared = prepareCandidates(state, input);
  // Where nothing about single prompts is learned, the prompt changes nothing.
  const isRead = input.features !== undefined && state.fit?.jobs.has(input.job.name) === true;
  const read = isRead ? decodeFeatures(input.features ?? '') : undefined;
  // Terms of another kind would be compared with what they have nothing to do with.
  const features = read?.kind === state.featureKind ? read : undefined;
  const request = { job: input.job.name, features, inputTokens: input.inputTokens };
  const candidates = prepared.map(({ candidate }) => candidate);
  const estimates = estimateCandidates(state, request, candidates);
  const tradeoff = tradeoffOf(input, estimates);
  const choice = chooseByEstimates(estimates, { state, request, candidates, tradeoff, seed: input.seed });
  if (Fault.is(choice)) return choice;
  const order = rankModels(prepared, choice, input.policy.critical);
  const chosen = prepared[choice.chosen];
  const ranked = [...order.flatMap(({ hosts }) => hosts.order), ...order.flatMap(({ later }) => later)];
  const first = ranked[0];
  const hostShare = chosen?.hosts.shares.find(({ endpoint }) => endpoint === first?.id)?.propensity ?? 1;
  return {
    model: choice.model,
    reason: choice.reason,
    level: estimates.level,
    ranked: unique(ranked.map(({ id }) => id)),
    candidates: describe(prepared, choice, { state, job: input.job.name }),
    hosts: chosen?.hosts.shares ?? [],
    hostBy: chosen?.hosts.by ?? 'only',
    propensity: (choice.propensities[choice.chosen] ?? 0) * hostShare,
    runnerUp: runnerUpOf(choice),
    excluded: input.candidates.flatMap(({ endpoints }) =>
      endpoints.flatMap(({ id, excluded }) => (excluded === undefined ? [] : [{ endpoint: id, reason: excluded }])),
    ),
    valueNanos: tradeoff.valueNanos,
    stateId: state.id,
  };
}

function tradeoffOf({ policy }: RouteInput, estimates: Estimates): Tradeoff {
  const { floor, nanosPerSecond, critical } = policy;
  const exploration = critical ? undefined : policy.exploration;
  return {
    valueNanos: policy.valueNanos ?? usualValue(usableCosts(estimates), policy.costWeight),
    // Who may not try others finds out late, or never, that a gain was luck.
    isLearning: exploration !== undefined,
    ...(nanosPerSecond !== undefined && { nanosPerSecond }),
    ...(floor && { floor }),
    ...(exploration && { exploration, mostExtraNanos: exploration.allowanceNanos }),
  };
}

function usableCosts({ candidates, costNanos }: Estimates): number[] {
  return candidates.flatMap(({ excluded }, at) => (excluded === undefined ? [costNanos[at] ?? 0] : []));
}

/** The chosen model, then the others by utility; what is under the floor comes last, and never for a critical job. */
function rankModels(prepared: readonly PreparedCandidate[], choice: Choice, isCritical: boolean): PreparedCandidate[] {
  const out = new Set(choice.excluded.map(({ model }) => model));
  const isUsable = (at: number): boolean => prepared[at]?.candidate.excluded === undefined;
  const rank = (at: number): number => {
    if (at === choice.chosen) return 0;
    if (!isUsable(at)) return 3;
    return out.has(prepared[at]?.model ?? '') ? 2 : 1;
  };
  return prepared
    .map((_, at) => at)
    .filter((at) => rank(at) !== 2 || !isCritical)
    .sort((left, right) => {
      const byRank = rank(left) - rank(right);
      if (byRank !== 0) return byRank;
      return (choice.utilities[right] ?? 0) - (choice.utilities[left] ?? 0) || left - right;
    })
    .flatMap((at) => prepared[at] ?? []);
}

function describe(
  prepared: readonly PreparedCandidate[],
  choice: Choice,
  { state, job }: { state: RoutingState; job: string },
): RoutedCandidate[] {
  const { estimates, utilities, propensities } = choice;
  const belief = state.jobs.get(job) ?? state.unknownJob;
  const exclusions = new Map(choice.excluded.map((one) => [one.model, one]));
  return prepared.map(({ model, isPriced }, at) => {
    const quality = estimates.quality[at] ?? 0;
    const error = belief.errors[state.modelNumbers.get(model) ?? -1] ?? 1;
    const out = exclusions.get(model);
    return {
      model,
      quality,
      lower: Math.max(0, quality - oneSided95 * error),
      evidence: estimates.evidence[at] ?? 0,
      costNanos: isPriced ? estimates.costNanos[at] : undefined,
      latencyMs: estimates.latencyMs[at] ?? 0,
      utility: utilities[at] ?? 0,
      propensity: propensities[at] ?? 0,
      ...(out && { excluded: out.reason, excludedBy: out.by }),
    };
  });
}

/** Best of the others: after exploration that is the one it was tried in place of. */
function runnerUpOf({ chosen, best, runnerUp, estimates }: Choice): string | undefined {
  const at = chosen === best ? runnerUp : best;
  return estimates.candidates[at]?.model;
}

function unique(ids: readonly string[]): string[] {
  return [...new Set(ids)];
}
