import type { scoreCascades } from './cascades.ts';
import type { drift } from './drift.ts';
import { percentiles } from './intervals.ts';
import type { offPolicy } from './off-policy.ts';
import { type ReferenceName, referenceNames } from './references.ts';
import type { replay } from './replays.ts';
import type { ScoredSet, SetEntry } from './score-set.ts';
import type { timing } from './timing.ts';

/** One goal and whether it is reached. */
export interface Goal {
  readonly id: string;
  readonly pass: boolean;
  readonly value: string;
  readonly threshold: string;
}

/** A goal or set that was not measured, and why. */
export interface Skipped {
  readonly set: string;
  readonly reason: string;
}

/** Everything the goals are judged by. */
export interface Measured {
  readonly scored: readonly ScoredSet[];
  readonly replays: readonly ReturnType<typeof replay>[];
  readonly drift: ReturnType<typeof drift> | undefined;
  readonly offPolicy: readonly ReturnType<typeof offPolicy>[];
  readonly cascades: readonly ReturnType<typeof scoreCascades>[number][];
  readonly timing: ReturnType<typeof timing>;
}

const tradeOffSets = [
  'routerbench-0shot',
  'llmrouter-9',
  'zeroeval',
  'bfcl-2024-08-11',
  'alpacaeval2',
  'routellm-mmlu',
  'routellm-gsm8k',
];
const operatingSets = ['llmrouter-9', 'bfcl-2024-08-11', 'zeroeval', 'routellm-gsm8k'];
const resamples = 2000;
const halfPoint = 0.005;
const codeJob = /humaneval|human_eval|mbpp|canaicode|code/i;

/** All goals that the measured sets allow to be judged; the others are named with the reason. */
export function judge(measured: Measured): { goals: Goal[]; skipped: Skipped[] } {
  const goals: Goal[] = [];
  const skipped: Skipped[] = [];
  const add = (id: string, goal: Omit<Goal, 'id'> | undefined, reason: string): void => {
    if (goal) goals.push({ id, ...goal });
    else skipped.push({ set: id, reason });
  };
  const entries = measured.scored.map(({ entry }) => entry);
  add('G1', tradeOff(measured.scored), 'none of the trade-off sets was given');
  for (const [name, gain] of [
    ['routellm-mmlu', 0.012],
    ['routellm-gsm8k', 0.02],
  ] as const)
    add(`G1 APGR ${name}`, strongShare(entries, name, gain), `${name} was not given`);
  for (const name of operatingSets) add(`G2 ${name}`, operating(entries, name), `${name} was not given`);
  add('G3 unseen', unseen(entries), 'no rows of unseen jobs');
  add('G3 labels', labelled(entries), 'no rows of unseen jobs');
  add('G3 labels llmrouter-9', gainOnLabels(entries), 'no rows of unseen jobs in llmrouter-9');
  addOnline(add, measured);
  for (const [job, least, most] of [
    ['gsm', 0.96, 0.1],
    ['crux', undefined, 0.4],
  ] as const)
    add(`G5 ${job}`, cascade(measured.cascades, { job, least, most }), `no rows of the job ${job} in zeroeval`);
  add('G5 code', codeCascade(measured.cascades), 'no job whose answers were executed has enough rows');
  const [estimate] = measured.offPolicy;
  add(
    'G6',
    estimate && {
      pass: estimate.meanAbsError.drClip <= 0.03 && estimate.coverage95 >= 0.93,
      value: `error ${estimate.meanAbsError.drClip.toFixed(4)}, coverage ${estimate.coverage95.toFixed(3)}`,
      threshold: 'error <= 0.03, coverage >= 0.93',
    },
    'llmrouter-9 was not given',
  );
  add('G7', stability(entries), 'no rows');
  const { p50Us, p99Us, updateP50Us } = measured.timing;
  goals.push({
    id: 'time',
    pass: p50Us <= 50 && p99Us <= 1000 && updateP50Us <= 20,
    value: `p50 ${p50Us.toFixed(1)} us, p99 ${p99Us.toFixed(0)} us, update ${updateP50Us.toFixed(1)} us`,
    threshold: 'p50 <= 50 us, p99 <= 1000 us, update <= 20 us',
  });
  return { goals, skipped };
}

type Add = (id: string, goal: Omit<Goal, 'id'> | undefined, reason: string) => void;

/** The reference that is best on train over all sets together, and our pooled gain over it. */
function tradeOff(scored: readonly ScoredSet[]): Omit<Goal, 'id'> | undefined {
  const used = scored.filter(({ entry, trainAreas }) => trainAreas && tradeOffSets.includes(entry.set));
  if (used.length === 0) return undefined;
  const total = (name: ReferenceName): number =>
    used.reduce((sum, { trainAreas }) => sum + (trainAreas?.[name] ?? 0), 0);
  const reference = referenceNames.reduce((best, name) => (total(name) > total(best) ? name : best));
  const gaps = used.flatMap((one) => one.areaGaps(reference, resamples) ?? []);
  const pooled = Float64Array.from({ length: resamples }, (_, at) =>
    gaps.reduce((sum, { gaps: own }) => sum + (own[at] ?? 0) / gaps.length, 0),
  );
  const mean = gaps.reduce((sum, { mean: own }) => sum + own / gaps.length, 0);
  const [lower, upper] = percentiles(pooled);
  const worse = used.filter((_, at) => percentiles(gaps[at]?.gaps ?? new Float64Array(1))[1] < 0);
  const list = used.map(({ entry }, at) => `${entry.set} ${signed(gaps[at]?.mean ?? 0)}`).join(', ');
  const below = worse.length > 0 ? `; significantly below on ${worse.map(({ entry }) => entry.set).join(', ')}` : '';
  return {
    pass: lower > 0 && worse.length === 0,
    value: `${signed(mean)} [${signed(lower)}, ${signed(upper)}] over ${reference} (${list})${below}`,
    threshold: 'lower bound of the pooled gain > 0 and no set significantly below',
  };
}

function signed(value: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(4)}`;
}

function strongShare(entries: readonly SetEntry[], name: string, gain: number): Omit<Goal, 'id'> | undefined {
  const entry = entries.find(({ set }) => set === name);
  if (!entry || entry.router.apgr === null) return undefined;
  const best = Math.max(...referenceNames.map((one) => entry.references[one].apgr ?? 0));
  return {
    pass: entry.router.apgr >= best + gain,
    value: entry.router.apgr.toFixed(4),
    threshold: `>= ${(best + gain).toFixed(4)} (best reference ${best.toFixed(4)})`,
  };
}

function operating(entries: readonly SetEntry[], name: string): Omit<Goal, 'id'> | undefined {
  const entry = entries.find(({ set }) => set === name);
  if (!entry) return undefined;
  const { diff, costShare, diffCi95 } = entry.router.operatingPoint;
  const reached = referenceNames.flatMap((one) => entry.references[one].saveAtBest ?? []);
  if (reached.length === 0 || costShare === null) return undefined;
  const most = 1 - Math.max(...reached);
  return {
    pass: diff >= -halfPoint && costShare <= most,
    value: `${signed(diff)} [${signed(diffCi95[0])}, ${signed(diffCi95[1])}] at ${(100 * costShare).toFixed(1)}% of the cost`,
    threshold: `>= -0.005 at <= ${(100 * most).toFixed(1)}%`,
  };
}

function unseen(entries: readonly SetEntry[]): Omit<Goal, 'id'> | undefined {
  const known = entries.flatMap(({ set, unseenJobs }) => (unseenJobs ? [{ set, ...unseenJobs }] : []));
  if (known.length === 0) return undefined;
  const below = known.filter(({ router, bestSingle }) => router < bestSingle - halfPoint);
  return {
    pass: below.length === 0,
    value: known.map(({ set, router, bestSingle }) => `${set} ${signed(router - bestSingle)}`).join(', '),
    threshold: '>= -0.005 on every set',
  };
}

function labelled(entries: readonly SetEntry[]): Omit<Goal, 'id'> | undefined {
  const known = afterLabels(entries);
  if (known.length === 0) return undefined;
  return {
    pass: known.every(({ gain }) => gain >= -halfPoint),
    value: known.map(({ set, gain }) => `${set} ${signed(gain)}`).join(', '),
    threshold: '>= -0.005 on every set after 30 labels',
  };
}

function gainOnLabels(entries: readonly SetEntry[]): Omit<Goal, 'id'> | undefined {
  const known = afterLabels(entries).find(({ set }) => set === 'llmrouter-9');
  return known && { pass: known.gain >= 0.01, value: signed(known.gain), threshold: '>= +0.01' };
}

function afterLabels(entries: readonly SetEntry[]): { set: string; gain: number }[] {
  return entries.flatMap(({ set, unseenJobs }) => {
    if (!unseenJobs || unseenJobs.after30Labels === null || unseenJobs.bestSingleAfter === null) return [];
    return [{ set, gain: unseenJobs.after30Labels - unseenJobs.bestSingleAfter }];
  });
}

function addOnline(add: Add, { replays, drift: change }: Measured): void {
  add(
    'G4 replay',
    replays.length === 0
      ? undefined
      : {
          pass: replays.every(({ router, priorOnly }) => router >= priorOnly),
          value: replays.map(({ set, router, priorOnly }) => `${set} ${signed(router - priorOnly)}`).join(', '),
          threshold: 'utility >= prior only on every set',
        },
    'no set for the replay was given',
  );
  const many = replays.find(({ set }) => set === 'llmrouter-9');
  add(
    'G4 share',
    many && { pass: (many.share ?? 0) >= 0.6, value: (many.share ?? 0).toFixed(3), threshold: '>= 0.6 on llmrouter-9' },
    'llmrouter-9 was not given',
  );
  add(
    'G4 drift',
    change && {
      pass: change.recoveredAfter !== null && change.recoveredAfter <= 300,
      value: change.recoveredAfter === null ? 'not recovered' : `${change.recoveredAfter} outcomes`,
      threshold: '<= 300 outcomes',
    },
    'the two snapshots of one benchmark were not given',
  );
  const most = Math.max(0, ...replays.map(({ explorationSpend }) => explorationSpend));
  add(
    'G4 exploration',
    replays.length === 0
      ? undefined
      : { pass: most <= 0.02, value: `${(100 * most).toFixed(2)}% of spend`, threshold: '<= 2%' },
    'no set for the replay was given',
  );
}

function cascade(
  cascades: Measured['cascades'],
  of: { job: string; least: number | undefined; most: number },
): Omit<Goal, 'id'> | undefined {
  const found = cascades.find(({ set, job }) => set === 'zeroeval' && job === of.job);
  if (!found || found.costShare === null) return undefined;
  const least = of.least ?? found.bestSingle;
  return {
    pass: found.accuracy >= least && found.costShare <= of.most,
    value: `${found.accuracy.toFixed(4)} at ${(100 * found.costShare).toFixed(1)}% (${found.chain.join(' then ')})`,
    threshold: `>= ${least.toFixed(4)} at <= ${(100 * of.most).toFixed(0)}%`,
  };
}

function codeCascade(cascades: Measured['cascades']): Omit<Goal, 'id'> | undefined {
  const found = cascades.filter(({ set, job }) => codeJob.test(`${set} ${job}`));
  if (found.length === 0) return undefined;
  return {
    pass: found.every(({ accuracy, bestSingle, costShare }) => accuracy >= bestSingle && (costShare ?? 1) <= 0.4),
    value: found
      .map(({ job, accuracy, costShare }) => `${job} ${accuracy.toFixed(3)} at ${(100 * (costShare ?? 1)).toFixed(0)}%`)
      .join(', '),
    threshold: 'not below the best single model at <= 40%',
  };
}

function stability(entries: readonly SetEntry[]): Omit<Goal, 'id'> | undefined {
  const known = entries.filter(({ paraphrase }) => paraphrase.sameChoice !== null);
  const varied = known.filter(({ paraphrase }) => paraphrase.entropyBits > 0.5);
  if (varied.length === 0) return undefined;
  const least = Math.min(...varied.map(({ paraphrase }) => paraphrase.sameChoice ?? 0));
  return {
    pass: least >= 0.95,
    value: varied.map(({ set, paraphrase }) => `${set} ${(paraphrase.sameChoice ?? 0).toFixed(3)}`).join(', '),
    threshold: '>= 0.95 on every set with choice entropy > 0.5 bit',
  };
}
