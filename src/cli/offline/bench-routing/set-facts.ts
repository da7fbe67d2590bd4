import type { BenchRow, BenchSet } from './load-set.ts';
import { pointOf } from './metrics.ts';
import { type Frame, hullMeasures, perThousand, singlePoint } from './trade-off.ts';

/** What a set is scored against, all taken from train. */
export function frameOf(set: BenchSet, train: readonly BenchRow[], rows: readonly BenchRow[]): Frame {
  const singles = set.models.map((_, model) => singlePoint(train, model));
  let best = 0;
  singles.forEach(({ score }, model) => {
    if (score > (singles[best]?.score ?? 0)) best = model;
  });
  const isPair = set.models.length === 2 && set.hasCosts;
  const strong = (singles[0]?.cost ?? 0) >= (singles[1]?.cost ?? 0) ? 0 : 1;
  return {
    rows,
    hasCosts: set.hasCosts,
    best,
    pair: isPair ? { strong, weak: 1 - strong } : undefined,
    models: set.models.length,
  };
}

/** Plain ways to choose, which a router must beat. */
export function baselines(set: BenchSet, frame: Frame, train: readonly BenchRow[]) {
  const { rows, best } = frame;
  const money = (nanos: number): number | null => (set.hasCosts ? perThousand(nanos) : null);
  const singles = set.models.map((_, model) => singlePoint(rows, model));
  const onTrain = set.models.map((_, model) => singlePoint(train, model));
  let cheapest = 0;
  singles.forEach(({ cost }, model) => {
    if (cost < (singles[cheapest]?.cost ?? 0)) cheapest = model;
  });
  const at = (model: number) => ({
    model: set.models[model] ?? '',
    accuracy: singles[model]?.score ?? 0,
    costPer1k: money(singles[model]?.cost ?? 0),
  });
  const mean = (pick: (point: { cost: number; score: number }) => number): number =>
    singles.reduce((sum, point) => sum + pick(point), 0) / singles.length;
  const onHull = set.models.map((_, model) => model).filter((model) => isOnHull(onTrain, model));
  const measures = set.hasCosts
    ? hullMeasures(
        frame,
        onHull.map((model) => singles[model] ?? { cost: 0, score: 0 }),
      )
    : undefined;
  return {
    bestSingle: at(best),
    cheapest: at(cheapest),
    random: { accuracy: mean(({ score }) => score), costPer1k: money(mean(({ cost }) => cost)) },
    oracle: oracle(rows, set.hasCosts),
    staticHull: {
      aiq: measures?.aiq ?? null,
      costAt95: measures?.costAt95 ?? null,
      accAt25: measures?.accAt25 ?? null,
    },
  };
}

/** No other model, nor a mixture of two, is better at the same cost. */
function isOnHull(points: readonly { cost: number; score: number }[], model: number): boolean {
  const own = points[model];
  if (!own) return false;
  return !points.some(
    (left) =>
      (left.cost <= own.cost && left.score > own.score) ||
      (left.cost < own.cost && left.score >= own.score) ||
      points.some(
        (right) =>
          left.cost < own.cost &&
          own.cost < right.cost &&
          left.score + ((right.score - left.score) * (own.cost - left.cost)) / (right.cost - left.cost) > own.score,
      ),
  );
}

function oracle(rows: readonly BenchRow[], hasCosts: boolean) {
  const choices = Int32Array.from(rows, ({ scores, costs }) => {
    let best = 0;
    scores.forEach((score, model) => {
      const gap = score - (scores[best] ?? 0);
      if (gap > 0 || (gap === 0 && (costs?.[model] ?? 0) < (costs?.[best] ?? 0))) best = model;
    });
    return best;
  });
  const { cost, score } = pointOf(rows, choices);
  return { accuracy: score, costPer1k: hasCosts ? perThousand(cost) : null };
}
