import { createSeededRandom } from '../../../platform/random.ts';
import { pairedInterval, shuffled } from './intervals.ts';
import type { BenchRow, BenchSet } from './load-set.ts';
import { routerPredictions, trainJobsOnly, trainRouter } from './methods.ts';
import { pointOf } from './metrics.ts';
import type { RoutingModule } from './routing-module.ts';
import { frameOf } from './set-facts.ts';
import type { SplitSet } from './score-set.ts';
import { singlePoint } from './trade-off.ts';

const labels = 30;
const draws = 20;

/** Rows of jobs that the training does not know, and the training without them. */
function withoutUnseen({ train, data, unseen }: SplitSet): { known: BenchRow[]; rows: BenchRow[] } {
  const marked = data.filter(({ holdout }) => holdout === 'task');
  const jobs = marked.length > 0 ? new Set(marked.map(({ job }) => job)) : unseen;
  const known = train.filter(({ job }) => !jobs.has(job));
  const knownJobs = new Set(known.map(({ job }) => job));
  const rows = [...(marked.length > 0 ? [] : train), ...data].filter(({ job }) => !knownJobs.has(job));
  return { known, rows };
}

/** Accuracy where only quality counts, on jobs never seen and after thirty of their prompts were graded. */
export function scoreUnseenJobs(routing: RoutingModule, split: SplitSet, seed: number) {
  const { known, rows } = withoutUnseen(split);
  if (rows.length === 0 || known.length === 0) return null;
  const { set } = split;
  const { best } = frameOf(set, known, rows);
  const choices = routerPredictions(routing, set, { state: trainRouter(routing, set, known), rows }).choose(0);
  const gaps = Float64Array.from(rows, ({ scores }, at) => (scores[choices[at] ?? 0] ?? 0) - (scores[best] ?? 0));
  const jobs = [...new Set(rows.map(({ job }) => job))].sort();
  const labelled = afterLabels(routing, set, { known, rows, best, seed });
  return {
    jobs,
    rows: rows.length,
    bestSingle: singlePoint(rows, best).score,
    router: pointOf(rows, choices).score,
    diffCi95: pairedInterval(gaps, seed),
    ...labelled,
    perJob: jobs.map((job) => {
      const places = rows.flatMap((row, at) => (row.job === job ? [at] : []));
      const own = rows.filter((row) => row.job === job);
      const chosen = Int32Array.from(places, (at) => choices[at] ?? 0);
      return { job, rows: own.length, bestSingle: singlePoint(own, best).score, router: pointOf(own, chosen).score };
    }),
  };
}

/** Mean over draws; each job gets its own thirty graded prompts and is scored on its other rows. */
function afterLabels(
  routing: RoutingModule,
  set: BenchSet,
  of: { known: readonly BenchRow[]; rows: readonly BenchRow[]; best: number; seed: number },
) {
  const { known, rows, best, seed } = of;
  const random = createSeededRandom(seed);
  let score = 0;
  let single = 0;
  for (let drawn = 0; drawn < draws; drawn++) {
    const left = new Map<string, number>();
    const graded: BenchRow[] = [];
    const rest: BenchRow[] = [];
    for (const at of shuffled(rows.length, random)) {
      const row = rows[at];
      if (!row) continue;
      const used = left.get(row.job) ?? 0;
      left.set(row.job, used + 1);
      (used < labels ? graded : rest).push(row);
    }
    if (rest.length === 0) return { after30Labels: null, bestSingleAfter: null };
    // Thirty prompts are too few for the prompt level to be switched on, so it need not be fitted.
    const state = trainJobsOnly(routing, set, [...known, ...graded]);
    const learner = { state, rows: rest };
    score += pointOf(rest, routerPredictions(routing, set, learner).choose(0)).score / draws;
    single += singlePoint(rest, best).score / draws;
  }
  return { after30Labels: score, bestSingleAfter: single };
}
