import {
  advance,
  evidenceOf,
  isFinished,
  observe,
  openRollout,
  type RolloutEvidence,
  type RolloutPlan,
  usualPlan,
} from '../../../src/rollouts/index.ts';

/** One graded item as far as two models are compared. */
export interface GradedPair {
  readonly incumbent: number;
  readonly candidate: number;
  readonly incumbentNanos: number;
  readonly candidateNanos: number;
}

/** What became of an adoption, with the rollout's own evidence. */
export interface Adoption {
  readonly job: string;
  readonly day: string;
  readonly candidate: string;
  readonly incumbent: string;
  readonly verdict: 'adopted' | 'refused' | 'needs more' | 'not tried';
  readonly reason: string;
  readonly costRatio: number;
  readonly pairs: number;
  readonly wins: number;
  readonly losses: number;
  readonly difference: number;
  readonly interval: readonly [number, number] | null;
}

const stepMs = 60_000;

/**
 * Decides by the product's own rollout: graded items one after the other, then the steps of the canary. A model that
 * costs more than the one it would replace is not tried: the rollout proves that nothing is lost, not that more is won.
 */
export function adopt(of: {
  job: string;
  day: string;
  candidate: string;
  incumbent: string;
  pairs: readonly GradedPair[];
}): Adoption {
  const { job, day, candidate, incumbent, pairs } = of;
  const ratio = sumOf(pairs, 'candidateNanos') / Math.max(1e-9, sumOf(pairs, 'incumbentNanos'));
  const about = { job, day, candidate, incumbent, costRatio: ratio };
  const nothing = { pairs: 0, wins: 0, losses: 0, difference: 0, interval: null };
  if (ratio >= 1) return { ...about, ...nothing, verdict: 'not tried', reason: 'it costs as much or more' };
  const plan: RolloutPlan = {
    ...usualPlan,
    id: `${job} ${candidate}`,
    kind: 'model',
    job,
    incumbent,
    candidate,
    hypothesis: `${candidate} does ${job} as well as ${incumbent} for less`,
    shadow: { ...usualPlan.shadow, minPairs: 0 },
    maxStageMs: Number.MAX_SAFE_INTEGER,
    salt: job,
  };
  let atMs = Date.parse(day);
  let state = openRollout(plan, atMs);
  for (const pair of pairs) {
    if (isFinished(state)) break;
    state = observe(plan, state, { type: 'pair', source: 'offline', ...pair });
    // All items are graded before traffic is: only a candidate shown to be worse stops earlier.
    const next = advance(plan, state, atMs);
    if (isFinished(next)) state = next;
    // The canary needs the proof: further items cost money and change nothing.
    else if (evidenceOf(plan, state).isProven && state.offline.ties + state.offline.wins + state.offline.losses >= 30)
      break;
  }
  for (let step = 0; step < 3 * plan.canary.shares.length && !isFinished(state); step++) {
    for (let answer = 0; answer < plan.canary.minRequests; answer++) {
      const pair = pairs[answer % pairs.length];
      if (!pair) break;
      const plain = { type: 'answer', isError: false, isRefusal: false, isSlow: false } as const;
      state = observe(plan, state, { ...plain, arm: 'incumbent', costNanos: pair.incumbentNanos });
      state = observe(plan, state, { ...plain, arm: 'candidate', costNanos: pair.candidateNanos });
    }
    atMs += stepMs;
    state = advance(plan, state, atMs);
  }
  // Its time is over: what is not proven by now needs more.
  if (!isFinished(state)) state = advance({ ...plan, maxStageMs: 0 }, state, atMs + stepMs);
  return { ...about, ...verdictOf(evidenceOf(plan, state)) };
}

const verdicts: Readonly<Partial<Record<RolloutEvidence['stage'], Adoption['verdict']>>> = {
  promoted: 'adopted',
  rolled_back: 'refused',
};

function verdictOf(evidence: RolloutEvidence): Omit<Adoption, 'job' | 'day' | 'candidate' | 'incumbent' | 'costRatio'> {
  const { wins, losses, ties, difference } = evidence.sources.offline;
  return {
    verdict: verdicts[evidence.stage] ?? 'needs more',
    reason: evidence.verdict,
    pairs: wins + losses + ties,
    wins,
    losses,
    difference: difference.mean,
    interval: difference.interval ?? null,
  };
}

function sumOf(pairs: readonly GradedPair[], field: 'candidateNanos' | 'incumbentNanos'): number {
  return pairs.reduce((sum, pair) => sum + pair[field], 0);
}
