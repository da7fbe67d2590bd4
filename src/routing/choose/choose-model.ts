import type { ExclusionCause } from '../../domain/facts/facts.ts';
import { Fault } from '../../domain/faults/fault.ts';
import { createSeededRandom } from '../../platform/random.ts';
import type { RoutingState } from '../estimate/routing-state.ts';
import { type Candidate, type ChoiceRequest, estimateCandidates, type Estimates } from './estimate-candidates.ts';
import { draw, type Exploration, noExploration, propensities } from './explore.ts';

/** What a job wants: how quality, money and time are weighed, and what may not be given up. */
export interface Tradeoff {
  /** What one success is worth; undefined: only quality counts, cost breaks ties. */
  readonly valueNanos: number | undefined;
  /** What a second of waiting costs. */
  readonly nanosPerSecond?: number;
  /** Quality that must be kept, relative to a model. */
  readonly floor?: QualityFloor;
  readonly exploration?: Exploration;
  /** Most that trying a candidate may cost beyond the best one; absent: it does not matter. */
  readonly mostExtraNanos?: number;
  /** Others are tried and outcomes come back, so that estimates are taken as they are; else gains must be certain. */
  readonly isLearning?: boolean;
  /** The choice so far; left only for a gain above the margin, in units of one success. */
  readonly current?: { readonly model: string; readonly margin: number };
}

/** No candidate may be worse than the incumbent by more than the margin, at the given confidence. */
export interface QualityFloor {
  readonly incumbent: string;
  /** Points of score that may be lost, for example 0.02. */
  readonly margin: number;
  /** One-sided error share of the whole comparison, whatever the number of candidates. */
  readonly alpha?: number;
}

/** Everything one choice depends on. */
export interface ChoiceInput {
  readonly state: RoutingState;
  readonly request: ChoiceRequest;
  readonly candidates: readonly Candidate[];
  readonly tradeoff: Tradeoff;
  readonly seed: number;
}

/** What decided. */
export type ChoiceReason = 'best' | 'incumbent' | 'exploration' | 'kept';

/** A candidate that was not to be chosen, and why. */
export interface Exclusion {
  readonly model: string;
  readonly reason: string;
  readonly by: ExclusionCause;
}

/** A choice and all that explains and replays it. */
export interface Choice {
  readonly chosen: number;
  readonly model: string;
  readonly reason: ChoiceReason;
  /** Place of the best candidate by utility among those allowed. */
  readonly best: number;
  /** Second best by utility; -1 if there is none. */
  readonly runnerUp: number;
  readonly estimates: Estimates;
  /** In units of one success. */
  readonly utilities: Float64Array;
  /** Exact, sums to 1, 0 for the excluded. */
  readonly propensities: Float64Array;
  readonly excluded: readonly Exclusion[];
  readonly stateId: string;
  readonly seed: number;
}

/** Chooses a model. Pure: the same input gives the same choice. */
export function chooseModel(input: ChoiceInput): Choice | Fault {
  const { state, request, candidates } = input;
  return chooseByEstimates(estimateCandidates(state, request, candidates), input);
}

/** Chooses among candidates whose estimates are known; for what-ifs that vary the trade-off only. */
export function chooseByEstimates(estimates: Estimates, input: ChoiceInput): Choice | Fault {
  const { candidates, tradeoff, seed, state } = input;
  const excluded: Exclusion[] = [];
  const allowed = candidates.map(({ model, excluded: reason }) => {
    if (reason !== undefined) excluded.push({ model, reason, by: 'eligibility' });
    return reason === undefined;
  });
  if (!allowed.includes(true)) return noModel(excluded);
  const incumbent = keepFloor(estimates, { tradeoff, allowed, excluded });
  const utilities = utilitiesOf(estimates, tradeoff);
  const { best, runnerUp } = rank(estimates, utilities, allowed);
  const kept = keepCurrent(best, { tradeoff, candidates, utilities, allowed });
  const exploration = tradeoff.exploration ?? noExploration;
  const affordable = explorable(estimates, { tradeoff, allowed, kept });
  const shares = propensities(utilities, affordable, {
    best: kept,
    exploration,
    plausible: plausible(estimates, { utilities, kept }),
  });
  const chosen = draw(shares, createSeededRandom(seed).unit());
  return {
    chosen,
    model: candidates[chosen]?.model ?? '',
    reason: reasonOf({ chosen, kept, best, incumbent }),
    best,
    runnerUp,
    estimates,
    utilities,
    propensities: shares,
    excluded,
    stateId: state.id,
    seed,
  };
}

function noModel(excluded: readonly Exclusion[]): Fault {
  const list = excluded.map(({ model, reason }) => `${model} ${reason}`).join('; ');
  return new Fault('no_candidate', { message: `No model may answer: ${list || 'there are no candidates'}.` });
}

/** Takes out what may be worse than the incumbent by more than the margin; returns the incumbent if nothing else passed. */
function keepFloor(
  estimates: Estimates,
  of: { tradeoff: Tradeoff; allowed: boolean[]; excluded: Exclusion[] },
): number {
  const { floor } = of.tradeoff;
  const { candidates, quality, gapErrors } = estimates;
  if (!floor) return -1;
  const incumbent = candidates.findIndex(({ model }) => model === floor.incumbent);
  if (incumbent < 0) return -1;
  const isThere = of.allowed[incumbent] === true;
  const before = { allowed: [...of.allowed], excluded: of.excluded.length };
  const rivals = of.allowed.filter(Boolean).length - (isThere ? 1 : 0);
  const bound = normalQuantile(1 - (floor.alpha ?? 0.05) / Math.max(1, rivals));
  let passed = 0;
  candidates.forEach(({ model }, at) => {
    if (at === incumbent || of.allowed[at] !== true) return;
    const gap = (quality[at] ?? 0) - (quality[incumbent] ?? 0);
    // The error is towards the reference; towards another incumbent both uncertainties count.
    const error =
      estimates.reference === incumbent
        ? (gapErrors[at] ?? 1)
        : Math.hypot(gapErrors[at] ?? 1, gapErrors[incumbent] ?? 1);
    if (gap - bound * error >= -floor.margin) {
      passed++;
      return;
    }
    of.allowed[at] = false;
    const reason = `may be worse than ${floor.incumbent} by more than ${floor.margin}`;
    of.excluded.push({ model, reason, by: 'floor' });
  });
  if (isThere) return passed === 0 ? incumbent : -1;
  // Nobody is good enough and the incumbent is away: an answer of somebody is better than none.
  if (passed === 0) {
    of.allowed.splice(0, of.allowed.length, ...before.allowed);
    of.excluded.length = before.excluded;
  }
  return -1;
}

function utilitiesOf(estimates: Estimates, tradeoff: Tradeoff): Float64Array {
  const { costNanos, latencyMs } = estimates;
  const { valueNanos, nanosPerSecond = 0, isLearning = false } = tradeoff;
  // A job that learns from its own outcomes finds out that a gain was none; without them the mistake would stay.
  const scores = isLearning ? estimates.quality : estimates.trusted;
  const utilities = new Float64Array(scores.length);
  const perNano = valueNanos === undefined ? 0 : 1 / valueNanos;
  const perMs = (perNano * nanosPerSecond) / 1000;
  for (let at = 0; at < utilities.length; at++)
    utilities[at] = (scores[at] ?? 0) - perNano * (costNanos[at] ?? 0) - perMs * (latencyMs[at] ?? 0);
  return utilities;
}

/** Best and second; ties go to the cheaper one, then by name. */
function rank(
  { candidates, costNanos }: Estimates,
  utilities: Float64Array,
  allowed: readonly boolean[],
): { best: number; runnerUp: number } {
  const isBefore = (left: number, right: number): boolean => {
    if (right < 0) return true;
    const gap = (utilities[left] ?? 0) - (utilities[right] ?? 0);
    if (gap !== 0) return gap > 0;
    const cost = (costNanos[left] ?? 0) - (costNanos[right] ?? 0);
    if (cost !== 0) return cost < 0;
    return (candidates[left]?.model ?? '') < (candidates[right]?.model ?? '');
  };
  let best = -1;
  let runnerUp = -1;
  for (let at = 0; at < utilities.length; at++) {
    if (allowed[at] !== true) continue;
    if (isBefore(at, best)) {
      runnerUp = best;
      best = at;
    } else if (isBefore(at, runnerUp)) runnerUp = at;
  }
  return { best, runnerUp };
}

function keepCurrent(
  best: number,
  of: {
    tradeoff: Tradeoff;
    candidates: readonly Candidate[];
    utilities: Float64Array;
    allowed: readonly boolean[];
  },
): number {
  const { current } = of.tradeoff;
  if (!current) return best;
  const at = of.candidates.findIndex(({ model }) => model === current.model);
  if (at < 0 || of.allowed[at] !== true) return best;
  return (of.utilities[best] ?? 0) - (of.utilities[at] ?? 0) > current.margin ? best : at;
}

/** What exploration may fall on: everything allowed that its money is enough for. */
function explorable(
  { costNanos }: Estimates,
  { tradeoff, allowed, kept }: { tradeoff: Tradeoff; allowed: readonly boolean[]; kept: number },
): readonly boolean[] {
  const { mostExtraNanos } = tradeoff;
  if (mostExtraNanos === undefined) return allowed;
  const limit = (costNanos[kept] ?? 0) + mostExtraNanos;
  return allowed.map((isAllowed, at) => isAllowed && (at === kept || (costNanos[at] ?? 0) <= limit));
}

/**
 * Standard errors by which a candidate may look worse than the best and still be tried for being better: what is known
 * to be worse costs quality and teaches little. Found by cross-validation over several sets.
 */
const plausibleErrors = 0.5;

/** What may well be the best. */
function plausible(
  { gapErrors }: Estimates,
  { utilities, kept }: { utilities: Float64Array; kept: number },
): readonly boolean[] {
  const own = (gapErrors[kept] ?? 0) ** 2;
  const result: boolean[] = [];
  for (let at = 0; at < utilities.length; at++) {
    const gap = (utilities[kept] ?? 0) - (utilities[at] ?? 0);
    // Errors are towards the reference, so towards another both count. `Math.hypot` takes four times as long.
    result.push(gap <= plausibleErrors * Math.sqrt((gapErrors[at] ?? 1) ** 2 + own));
  }
  return result;
}

function reasonOf(of: { chosen: number; kept: number; best: number; incumbent: number }): ChoiceReason {
  if (of.chosen !== of.kept) return 'exploration';
  if (of.kept !== of.best) return 'kept';
  return of.best === of.incumbent ? 'incumbent' : 'best';
}

/** Quantile of the standard normal distribution, by a rational approximation good to 4.5e-4. */
export function normalQuantile(share: number): number {
  if (share === 0.5) return 0;
  const tail = Math.min(share, 1 - share);
  const root = Math.sqrt(-2 * Math.log(tail));
  const value =
    root -
    (2.515517 + root * (0.802853 + root * 0.010328)) / (1 + root * (1.432788 + root * (0.189269 + root * 0.001308)));
  return share < 0.5 ? -value : value;
}
