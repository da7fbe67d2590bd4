import type { BenchRow } from './load-set.ts';
import { type Predictions, routerPredictions, trainRouter } from './methods.ts';
import { type Choices, lambdas, pointOf } from './metrics.ts';
import { type ReferenceName, referenceNames, referencePredictions } from './references.ts';
import type { RoutingModule } from './routing-module.ts';
import type { SplitSet } from './score-set.ts';
import { frameOf } from './set-facts.ts';
import { hullMeasures, sweep } from './trade-off.ts';

const folds = 5;

/** What routers and reference methods that had not seen a row's fold say about it, for every row of train. */
export interface Validated {
  /** Choices per trade-off. */
  readonly router: readonly Choices[];
  readonly references: Readonly<Record<ReferenceName, readonly Choices[]>>;
  /** Score of the single model that is best on the other folds; picked on the rows it is scored on, it is overstated. */
  readonly single: number;
  /** Rows x models, of the router. */
  readonly quality: readonly Float64Array[];
  /** Area under the hull of the router; 0 without costs. */
  readonly area: number;
  /** Area under the hull of each reference. */
  readonly areas: Readonly<Record<ReferenceName, number>>;
}

/** Choices of a method for every trade-off. */
export function sweepAll(
  references: Record<ReferenceName, Predictions>,
  hasCosts: boolean,
): Record<ReferenceName, readonly Choices[]> {
  const entries = referenceNames.map((name) => [name, sweep(references[name], hasCosts)] as const);
  return Object.fromEntries(entries) as Record<ReferenceName, readonly Choices[]>;
}

/** Five-fold cross-validation inside train: no row of the other folder is looked at. */
export function crossValidate(routing: RoutingModule, { set, train }: SplitSet): Validated {
  const foldOf = (row: BenchRow): number => routing.hash32(`validation ${row.id}`) % folds;
  const blank = (): Choices[] => (set.hasCosts ? lambdas : [0]).map(() => new Int32Array(train.length));
  const router = blank();
  const entries = referenceNames.map((name) => [name, blank()] as const);
  const references = Object.fromEntries(entries) as Record<ReferenceName, Choices[]>;
  const singles = new Int32Array(train.length);
  const quality = train.map(() => new Float64Array(set.models.length));
  // Without costs there is one trade-off only, and nothing to choose between.
  for (let fold = 0; fold < folds && set.hasCosts; fold++) {
    const rest = train.filter((row) => foldOf(row) !== fold);
    const places = train.flatMap((row, at) => (foldOf(row) === fold ? [at] : []));
    const held = train.filter((row) => foldOf(row) === fold);
    if (rest.length === 0 || held.length === 0) continue;
    const spread = (into: readonly Choices[], from: readonly Choices[]): void =>
      from.forEach((choices, at) =>
        choices.forEach((one, row) => into[at]?.fill(one, places[row], (places[row] ?? 0) + 1)),
      );
    const { best } = frameOf(set, rest, rest);
    for (const place of places) singles[place] = best;
    const predicted = routerPredictions(routing, set, { state: trainRouter(routing, set, rest), rows: held });
    predicted.quality.forEach((row, at) => quality[places[at] ?? 0]?.set(row));
    spread(router, sweep(predicted, set.hasCosts));
    const swept = sweepAll(referencePredictions(routing, set, { train: rest, rows: held }), true);
    for (const name of referenceNames) spread(references[name], swept[name]);
  }
  const frame = frameOf(set, train, train);
  const areaOf = (sweeps: readonly Choices[]): number => {
    const points = sweeps.map((choices) => pointOf(train, choices));
    return set.hasCosts ? (hullMeasures(frame, points).aiq ?? 0) : 0;
  };
  const areas = referenceNames.map((name) => [name, areaOf(references[name])] as const);
  const single = pointOf(train, singles).score;
  return {
    router,
    references,
    single,
    quality,
    area: areaOf(router),
    areas: Object.fromEntries(areas) as Record<ReferenceName, number>,
  };
}
