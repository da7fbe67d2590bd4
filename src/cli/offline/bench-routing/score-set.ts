import type { BenchRow, BenchSet } from './load-set.ts';
import { pairedInterval } from './intervals.ts';
import { byUtility, type Predictions, routerPredictions, trainRouter } from './methods.ts';
import { type Choices, entropyBits, lambdas, pointOf } from './metrics.ts';
import { crossValidate, sweepAll, type Validated } from './cross-validate.ts';
import { paraphrasePairs } from './paraphrase.ts';
import { type ReferenceName, referenceNames, referencePredictions } from './references.ts';
import type { RoutingModule } from './routing-module.ts';
import { baselines, frameOf } from './set-facts.ts';
import {
  describeMethod,
  type Frame,
  hullMeasures,
  perThousand,
  resampledAreaGaps,
  singlePoint,
  sweep,
} from './trade-off.ts';
import { scoreUnseenJobs } from './unseen-jobs.ts';

/** A set with both sides of its split. */
export interface SplitSet {
  readonly set: BenchSet;
  readonly train: readonly BenchRow[];
  /** Rows of the data folder. */
  readonly data: readonly BenchRow[];
  /** Jobs to take away from training for the unseen-job metrics. */
  readonly unseen: ReadonlySet<string>;
}

/** A set's entry of the report, and what the goals over all sets need of it. */
export interface ScoredSet {
  readonly entry: SetEntry;
  /** Cross-validated area of each reference on train. */
  readonly trainAreas: Readonly<Record<ReferenceName, number>> | undefined;
  readonly areaGaps: (reference: ReferenceName, resamples: number) => { mean: number; gaps: Float64Array } | undefined;
}

/** One set in the report; the harness contract names its fields. */
export type SetEntry = ReturnType<typeof entryOf>;

/** Trains on one side, scores on the other, with all reference methods beside. */
export function scoreSet(routing: RoutingModule, split: SplitSet, seed: number): ScoredSet {
  const { set, train, data } = split;
  const rows = data.filter(({ holdout }) => holdout !== 'task');
  const frame = frameOf(set, train, rows);
  const state = trainRouter(routing, set, train);
  const router = routerPredictions(routing, set, { state, rows });
  const references = referencePredictions(routing, set, { train, rows });
  const swept = sweep(router, set.hasCosts);
  const referenceSweeps = sweepAll(references, set.hasCosts);
  const validated = crossValidate(routing, split);
  const operating = operatingLambda(set, train, validated);
  const chosen = router.choose(operating);
  const entry = entryOf(routing, {
    split,
    frame,
    router,
    swept,
    references,
    referenceSweeps,
    operating,
    chosen,
    state,
    seed,
  });
  const area = (choices: readonly Choices[]): number =>
    hullMeasures(
      frame,
      choices.map((one) => pointOf(rows, one)),
    ).aiq ?? 0;
  return {
    entry,
    trainAreas: set.hasCosts ? validated.areas : undefined,
    areaGaps: (reference, resamples) => {
      if (!set.hasCosts) return undefined;
      const theirs = referenceSweeps[reference];
      return {
        mean: area(swept) - area(theirs),
        gaps: resampledAreaGaps(frame, { ours: swept, theirs, seed, resamples }),
      };
    },
  };
}

/** The cheapest trade-off that, cross-validated on train, is as good as the best single model cross-validated alike. */
function operatingLambda(set: BenchSet, train: readonly BenchRow[], { router, single }: Validated): number {
  if (!set.hasCosts) return 0;
  let found = 0;
  let least = Number.POSITIVE_INFINITY;
  router.forEach((choices, at) => {
    const { cost, score } = pointOf(train, choices);
    if (score < single || cost >= least) return;
    least = cost;
    found = lambdas[at] ?? 0;
  });
  return found;
}

interface EntryInput {
  readonly split: SplitSet;
  readonly frame: Frame;
  readonly router: Predictions;
  readonly swept: readonly Choices[];
  readonly references: Record<ReferenceName, Predictions>;
  readonly referenceSweeps: Record<ReferenceName, readonly Choices[]>;
  readonly operating: number;
  readonly chosen: Choices;
  readonly state: ReturnType<typeof trainRouter>;
  readonly seed: number;
}

function entryOf(routing: RoutingModule, input: EntryInput) {
  const { split, frame, router, swept, references, referenceSweeps, operating, chosen, seed } = input;
  const { set, train } = split;
  const { rows } = frame;
  const lengthOnly = lengthPredictions(set, train, rows);
  const byLength = describeMethod(frame, lengthOnly, sweep(lengthOnly, set.hasCosts));
  const described = referenceNames.map(
    (name) => [name, describeMethod(frame, references[name], referenceSweeps[name])] as const,
  );
  return {
    set: set.name,
    trainRows: train.length,
    rows: rows.length,
    models: set.models.length,
    jobs: new Set(rows.map(({ job }) => job)).size,
    costBasis: set.costBasis,
    ...baselines(set, frame, train),
    lengthOnly: { aiq: byLength.aiq, apgr: byLength.apgr },
    router: {
      ...describeMethod(frame, router, swept),
      operatingPoint: operatingPoint(frame, { operating, chosen, seed }),
    },
    references: Object.fromEntries(described) as Record<ReferenceName, ReturnType<typeof describeMethod>>,
    unseenJobs: scoreUnseenJobs(routing, split, seed),
    paraphrase: paraphrase(routing, input),
  };
}

function operatingPoint(
  { rows, best, hasCosts }: Frame,
  { operating, chosen, seed }: { operating: number; chosen: Choices; seed: number },
) {
  const own = pointOf(rows, chosen);
  const single = singlePoint(rows, best);
  const gaps = Float64Array.from(rows, ({ scores }, at) => (scores[chosen[at] ?? 0] ?? 0) - (scores[best] ?? 0));
  return {
    lambda: operating,
    accuracy: own.score,
    costPer1k: hasCosts ? perThousand(own.cost) : null,
    costShare: hasCosts && single.cost > 0 ? own.cost / single.cost : null,
    diff: own.score - single.score,
    diffCi95: pairedInterval(gaps, seed),
  };
}

/** Quality by the job's mean and a straight line in the log of the prompt's length: what little a router may claim. */
function lengthPredictions(set: BenchSet, train: readonly BenchRow[], rows: readonly BenchRow[]): Predictions {
  const lengthOf = ({ prompt }: BenchRow): number => Math.log1p(prompt.length);
  const centre = train.reduce((sum, row) => sum + lengthOf(row), 0) / Math.max(1, train.length);
  const spread = train.reduce((sum, row) => sum + (lengthOf(row) - centre) ** 2, 1);
  const lines = set.models.map((_, model) => {
    const known = train.filter(({ scores }) => !Number.isNaN(scores[model] ?? Number.NaN));
    const mean = known.reduce((sum, { scores }) => sum + (scores[model] ?? 0), 0) / Math.max(1, known.length);
    const slope =
      known.reduce((sum, row) => sum + (lengthOf(row) - centre) * ((row.scores[model] ?? 0) - mean), 0) / spread;
    return { mean, slope };
  });
  const quality = rows.map((row) =>
    Float64Array.from(lines, ({ mean, slope }) => mean + slope * (lengthOf(row) - centre)),
  );
  const usual = Float64Array.from(set.models, (_, model) => singlePoint(train, model).cost);
  return byUtility(
    quality,
    rows.map(() => usual),
    set.models,
  );
}

function paraphrase(routing: RoutingModule, { split, router, operating, state }: EntryInput) {
  const rows = split.data.filter(({ holdout }) => holdout !== 'task');
  const { pairs, source } = paraphrasePairs(rows);
  const edited = routerPredictions(routing, split.set, { state, rows: pairs.map(({ row }) => row) }).choose(operating);
  const original = router.choose(operating);
  const same = pairs.reduce((sum, { of }, at) => sum + (original[of] === edited[at] ? 1 : 0), 0);
  return {
    pairs: pairs.length,
    sameChoice: pairs.length > 0 ? same / pairs.length : null,
    entropyBits: entropyBits(original),
    source,
  };
}
