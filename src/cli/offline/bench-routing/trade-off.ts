import { createSeededRandom } from '../../../platform/random.ts';
import { resampleCounts } from './intervals.ts';
import type { BenchRow } from './load-set.ts';
import type { Predictions } from './methods.ts';
import {
  areaUnder,
  type Choices,
  costReaching,
  entropyBits,
  heightAt,
  hullOf,
  lambdas,
  type Point,
  pointOf,
  strongShareCurve,
} from './metrics.ts';

/** What a method's whole range of trade-offs is compared with. */
export interface Frame {
  readonly rows: readonly BenchRow[];
  readonly hasCosts: boolean;
  /** Best single model on train, and the pair of a two-model set. */
  readonly best: number;
  readonly pair: { readonly strong: number; readonly weak: number } | undefined;
  readonly models: number;
}

/** Metrics of one method; null where a set has no costs or does not reach the score. */
export interface MethodReport {
  readonly points: readonly { readonly lambda: number; readonly accuracy: number; readonly costPer1k: number | null }[];
  readonly hull: readonly (readonly [number, number])[];
  readonly aiq: number | null;
  readonly saveAtBest: number | null;
  readonly costAt95: number | null;
  readonly accAt25: number | null;
  readonly accuracyAtZero: number;
  readonly entropyBits: number;
  readonly gapClosed: number | null;
  readonly apgr: number | null;
  readonly cpt50: number | null;
  readonly cpt80: number | null;
}

/** Nano-USD per request to USD per 1,000 requests. */
export const perThousand = (nanos: number): number => nanos / 1e6;

/** Choices of a method at every trade-off; without costs there is only one. */
export function sweep(predictions: Predictions, hasCosts: boolean): readonly Choices[] {
  return (hasCosts ? lambdas : [0]).map((lambda) => predictions.choose(lambda));
}

/** Mean score and cost when always the same model answers. */
export function singlePoint(rows: readonly BenchRow[], model: number, weights?: Float64Array): Point {
  return pointOf(rows, new Int32Array(rows.length).fill(model), weights);
}

/** All metrics of a method. */
export function describeMethod(frame: Frame, predictions: Predictions, choices: readonly Choices[]): MethodReport {
  const { rows, hasCosts, best, pair } = frame;
  const points = choices.map((one) => pointOf(rows, one));
  const single = singlePoint(rows, best);
  const [zero] = points;
  const [atZero] = choices;
  const measures = hasCosts ? hullMeasures(frame, points) : undefined;
  const curve = pair ? strongShareCurve(rows, gainsOf(predictions, pair), pair) : undefined;
  const oracle = oracleScore(rows);
  return {
    points: points.map(({ cost, score }, at) => ({
      lambda: lambdas[at] ?? 0,
      accuracy: score,
      costPer1k: hasCosts ? perThousand(cost) : null,
    })),
    hull: hasCosts ? hullOf(points).map(({ cost, score }) => [perThousand(cost), score] as const) : [],
    aiq: measures?.aiq ?? null,
    saveAtBest: measures?.saveAtBest ?? null,
    costAt95: measures?.costAt95 ?? null,
    accAt25: measures?.accAt25 ?? null,
    accuracyAtZero: zero?.score ?? 0,
    entropyBits: atZero ? entropyBits(atZero) : 0,
    gapClosed: oracle > single.score ? ((zero?.score ?? 0) - single.score) / (oracle - single.score) : null,
    apgr: curve?.apgr ?? null,
    cpt50: curve?.cpt50 ?? null,
    cpt80: curve?.cpt80 ?? null,
  };
}

/** Measures on the hull of some points. */
export function hullMeasures(frame: Frame, points: readonly Point[], weights?: Float64Array) {
  const { rows, best, models } = frame;
  const hull = hullOf(points);
  const single = singlePoint(rows, best, weights);
  const cheapest = Math.min(...Array.from({ length: models }, (_, model) => singlePoint(rows, model, weights).cost));
  const reached = costReaching(hull, single.score);
  const nearly = costReaching(hull, 0.95 * single.score);
  return {
    aiq: areaUnder(hull, cheapest, single.cost),
    saveAtBest: reached === undefined ? undefined : 1 - reached / single.cost,
    costAt95: nearly === undefined ? undefined : nearly / single.cost,
    accAt25: heightAt(hull, 0.25 * single.cost),
  };
}

/** Differences in area between two methods in every resample of the rows. */
export function resampledAreaGaps(
  frame: Frame,
  of: { ours: readonly Choices[]; theirs: readonly Choices[]; seed: number; resamples: number },
): Float64Array {
  const random = createSeededRandom(of.seed);
  const left = unique(of.ours);
  const right = unique(of.theirs);
  return Float64Array.from({ length: of.resamples }, () => {
    const weights = resampleCounts(frame.rows.length, random);
    const area = (choices: readonly Choices[]): number =>
      hullMeasures(
        frame,
        choices.map((one) => pointOf(frame.rows, one, weights)),
        weights,
      ).aiq ?? 0;
    return area(left) - area(right);
  });
}

function unique(choices: readonly Choices[]): Choices[] {
  const seen = new Map<string, Choices>();
  for (const one of choices) seen.set(one.join(), one);
  return [...seen.values()];
}

function gainsOf({ quality }: Predictions, { strong, weak }: { strong: number; weak: number }): Float64Array {
  return Float64Array.from(quality, (row) => (row[strong] ?? 0) - (row[weak] ?? 0));
}

/** Mean of the best score of each row. */
function oracleScore(rows: readonly BenchRow[]): number {
  return rows.reduce((sum, { scores }) => sum + bestOf(scores), 0) / Math.max(1, rows.length);
}

function bestOf(scores: Float64Array): number {
  let best = 0;
  for (const score of scores) if (score > best) best = score;
  return best;
}
