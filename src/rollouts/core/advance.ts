import { isRefuted, logEvidence } from '../../domain/statistics/one-sided-test.ts';
import { sampleRatio } from '../../domain/statistics/sample-ratio.ts';
import type { RolloutPlan } from './rollout-plan.ts';
import { guardNames, type PairedEvidence, type RolloutStage, type RolloutState, shareOf } from './rollout-state.ts';

/** Start of what the timeline says when something is wrong that nobody may overlook. */
export const alarmPrefix = 'alarm: ';
/** A shadow without a single copy for so long is not working. */
const silentShadowMs = 60_000;
/** Assignments before which their ratio is not looked at. */
const fewestAssignments = 500;

/** Takes the next step that the evidence allows, and at most one; pure, so that a rollout can be replayed. */
export function advance(plan: RolloutPlan, state: RolloutState, atMs: number): RolloutState {
  if (isFinished(state)) return state;
  const stop = reasonToStop(plan, state);
  if (stop !== undefined) return enter(plan, state, { stage: 'rolled_back', atMs, reason: stop });
  if (state.isPaused || state.stage === 'needs_more') return state;
  switch (state.stage) {
    case 'offline':
      return afterOffline(plan, state, atMs);
    case 'shadow':
      return afterShadow(plan, withAlarm(state, atMs), atMs);
    default:
      return afterCanaryStep(plan, state, atMs);
  }
}

/** Whether nothing can change it any more. */
export function isFinished({ stage }: RolloutState): boolean {
  return stage === 'promoted' || stage === 'rolled_back';
}

/** Stops giving traffic to the candidate until it is resumed. */
export function pause(state: RolloutState, atMs: number): RolloutState {
  if (isFinished(state) || state.isPaused) return state;
  const event = { atMs, stage: state.stage, share: 0, reason: 'paused' };
  return { ...state, isPaused: true, events: [...state.events, event] };
}

/** Goes on after a pause, or with more evidence than was there when it was not enough. */
export function resume(plan: RolloutPlan, state: RolloutState, atMs: number): RolloutState {
  if (isFinished(state) || (!state.isPaused && state.stage !== 'needs_more')) return state;
  // The smallest share again: what is uncertain is not given much.
  const stage = state.stage === 'needs_more' ? 'shadow' : state.stage;
  const anew = { ...state, isPaused: false, shadowUnaffordable: 0 };
  return enter(plan, anew, { stage, step: 0, atMs, reason: 'resumed' });
}

/** Back to the incumbent, whoever asks. */
export function rollBack(plan: RolloutPlan, state: RolloutState, at: { atMs: number; reason: string }): RolloutState {
  return state.stage === 'rolled_back' ? state : enter(plan, state, { stage: 'rolled_back', ...at });
}

/** Logarithm of the evidence that the candidate is not worse, from all items that took no part in the pick. */
function notWorseEvidence(state: RolloutState): { readonly [Source in 'offline' | 'shadow' | 'live']: number } {
  return {
    offline: logEvidence(state.offline.notWorse),
    shadow: logEvidence(state.shadow.notWorse),
    live: logEvidence(state.live.notWorse),
  };
}

/** Whether the candidate is proven to be worse by less than the margin. The sources are independent: evidence adds up. */
export function isProven(plan: RolloutPlan, state: RolloutState): boolean {
  const { offline, shadow, live } = notWorseEvidence(state);
  return offline + shadow + live >= Math.log(1 / plan.alpha);
}

function reasonToStop(plan: RolloutPlan, state: RolloutState): string | undefined {
  const sources = [state.offline, state.shadow, state.live];
  const worse = sources.reduce((sum, { worse: test }) => sum + logEvidence(test), 0);
  const isWorse = worse >= Math.log(1 / plan.alpha) || isRefuted(state.screening.worse, plan.alpha / plan.pickedFrom);
  if (isWorse) return `the candidate is worse by more than ${points(plan.margin)}`;
  if (isRefuted(state.judged.worse, plan.guardAlpha))
    return `the judge finds the candidate worse by more than ${points(plan.margin)}`;
  for (const guard of guardNames) {
    if (isRefuted(state.guards[guard], plan.guardAlpha)) return `the guard of ${guard} was crossed`;
  }
  if (state.stage !== 'canary') return undefined;
  const { incumbent, candidate } = state.assigned;
  const share = plan.canary.shares[state.step] ?? 0;
  const count = incumbent + candidate;
  // Looked at each time the count doubles: looking always would find a mismatch in the end.
  const isLook = count >= fewestAssignments && Number.isInteger(Math.log2(count / fewestAssignments));
  if (share >= 1 || !isLook) return undefined;
  const { mismatch, chiSquared } = sampleRatio([candidate, incumbent], [share, 1 - share]);
  if (!mismatch) return undefined;
  return `the experiment is invalid: ${candidate} of ${count} units at a share of ${share} (chi-squared ${chiSquared.toFixed(1)})`;
}

function afterOffline(plan: RolloutPlan, state: RolloutState, atMs: number): RolloutState {
  const count = countOf(state.offline) + countOf(state.screening);
  if (count >= plan.offline.minPairs) {
    const stage = plan.shadow.minPairs === 0 ? 'canary' : 'shadow';
    return enter(plan, state, { stage, atMs, reason: `${count} items graded, not shown to be worse` });
  }
  return orNeedsMore(plan, state, atMs);
}

function afterShadow(plan: RolloutPlan, state: RolloutState, atMs: number): RolloutState {
  const { minPairs, isGraded } = plan.shadow;
  const pairs = countOf(state.shadow);
  const isReady = isGraded ? pairs >= minPairs && isProven(plan, state) : state.shadowCopies >= minPairs;
  if (isReady) {
    const reason = isGraded
      ? `${pairs} shadow answers, proven not to be worse`
      : `${state.shadowCopies} shadow answers came back`;
    return enter(plan, state, { stage: 'canary', atMs, reason });
  }
  if (state.shadowUnaffordable > 0) return needMore(plan, state, { atMs, because: 'the money for copies is spent: ' });
  return orNeedsMore(plan, state, atMs);
}

/** A mirror that silently does nothing looks like one that has nothing to do. */
function withAlarm(state: RolloutState, atMs: number): RolloutState {
  const { stageSinceMs, shadowCopies, shadowMissing, shadowSkipped, events } = state;
  if (shadowCopies > 0 || atMs - stageSinceMs < silentShadowMs) return state;
  if (events.some((one) => one.atMs >= stageSinceMs && one.reason.startsWith(alarmPrefix))) return state;
  const seen = shadowMissing + shadowSkipped;
  const why = seen === 0 ? 'no request of the job passed' : `none of ${seen} came back`;
  const reason = `${alarmPrefix}no shadow copy in ${Math.round((atMs - stageSinceMs) / 1000)} seconds, ${why}`;
  return { ...state, events: [...events, { atMs, stage: 'shadow', share: 0, reason }] };
}

function afterCanaryStep(plan: RolloutPlan, state: RolloutState, atMs: number): RolloutState {
  const { shares, minRequests, minStepMs } = plan.canary;
  const isLongEnough = atMs - state.stageSinceMs >= minStepMs && state.stepAnswers >= minRequests;
  if (!isLongEnough) return orNeedsMore(plan, state, atMs);
  if (state.step + 1 < shares.length) {
    const next = state.step + 1;
    // All traffic only for what is proven; a part of it may go on collecting.
    if ((shares[next] ?? 1) >= 1 && !isProven(plan, state)) return orNeedsMore(plan, state, atMs);
    return enter(plan, state, { stage: 'canary', step: next, atMs, reason: 'no guard was crossed' });
  }
  if (!isProven(plan, state)) return orNeedsMore(plan, state, atMs);
  return enter(plan, state, { stage: 'promoted', atMs, reason: `carried by ${carrier(state)} evidence` });
}

function orNeedsMore(plan: RolloutPlan, state: RolloutState, atMs: number): RolloutState {
  return atMs - state.stageSinceMs < plan.maxStageMs ? state : needMore(plan, state, { atMs, because: '' });
}

function needMore(plan: RolloutPlan, state: RolloutState, of: { atMs: number; because: string }): RolloutState {
  const needsMore = moreNeeded(plan, state);
  const count = needsMore === undefined ? 'more pairs, how many cannot be told' : `about ${needsMore} more pairs`;
  const next = enter(plan, state, { stage: 'needs_more', atMs: of.atMs, reason: `${of.because}needs ${count}` });
  return needsMore === undefined ? next : { ...next, needsMore };
}

/** Pairs until it would be proven if the mean stays; undefined when it points the other way, or nothing was seen. */
function moreNeeded(plan: RolloutPlan, state: RolloutState): number | undefined {
  const sums = [state.offline, state.shadow, state.live].map(({ differences }) => differences);
  const count = sums.reduce((total, one) => total + one.count, 0);
  if (count < 2) return undefined;
  const mean = sums.reduce((total, one) => total + one.sum, 0) / count;
  const variance = (sums.reduce((total, one) => total + one.squares, 0) + 2) / (count + 2) - mean * mean;
  const room = mean + plan.margin;
  if (room <= 0) return undefined;
  const { offline, shadow, live } = notWorseEvidence(state);
  const missing = Math.log(1 / plan.alpha) - (offline + shadow + live);
  // What the bets gain per pair when the mean lies this far above the bound.
  const gain = Math.min(room * room, room) / (2 * Math.max(variance, room * room));
  return Math.max(1, Math.ceil(missing / Math.max(gain, 1e-9)));
}

/** Which source of evidence counted most. */
export function carrier(state: RolloutState): 'offline' | 'shadow' | 'live' {
  const evidence = notWorseEvidence(state);
  const sources = ['offline', 'shadow', 'live'] as const;
  return sources.reduce((best, one) => (evidence[one] > evidence[best] ? one : best), 'offline');
}

function enter(
  plan: RolloutPlan,
  state: RolloutState,
  to: { stage: RolloutStage; step?: number; atMs: number; reason: string },
): RolloutState {
  const { needsMore: _, ...kept } = state;
  const next = {
    ...kept,
    stage: to.stage,
    step: to.step ?? 0,
    stageSinceMs: to.atMs,
    assigned: { incumbent: 0, candidate: 0 },
    stepAnswers: 0,
  };
  const event = { atMs: to.atMs, stage: to.stage, share: shareOf(plan, next), reason: to.reason };
  return { ...next, events: [...state.events, event] };
}

function countOf({ wins, losses, ties }: PairedEvidence): number {
  return wins + losses + ties;
}

function points(share: number): string {
  return `${(100 * share).toFixed(1)} points`;
}
