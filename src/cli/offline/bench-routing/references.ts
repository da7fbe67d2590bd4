import type { BenchRow, BenchSet } from './load-set.ts';
import { byUtility, type Predictions } from './methods.ts';
import type { RoutingModule } from './routing-module.ts';

/** Methods every claim is compared with. */
export const referenceNames = ['job', 'knn', 'ridge', 'knnJob', 'floor', 'hybrid'] as const;
/** One of the reference methods. */
export type ReferenceName = (typeof referenceNames)[number];

const jobStrength = 8;
const ridgePenalty = 8;
const ridgeRows = 5000;

/** Predictions of all reference methods for `rows`, learned from `train`. */
export function referencePredictions(
  routing: RoutingModule,
  set: BenchSet,
  { train, rows }: { train: readonly BenchRow[]; rows: readonly BenchRow[] },
): Record<ReferenceName, Predictions> {
  const means = meansOf(train, set.models.length, (row) => row.scores);
  const costMeans = meansOf(train, set.models.length, (row) => row.costs ?? new Float64Array(set.models.length));
  const job = rows.map((row) => means.of(row.job));
  const costs = rows.map((row) => costMeans.of(row.job));
  const reader = new routing.FeatureReader();
  const features = train.map(({ prompt }) => reader.read(prompt));
  const terms = new routing.TermWeights(features);
  const vectors = features.map((one) => terms.vector(one));
  const index = new routing.NeighbourIndex(vectors);
  const asked = rows.map(({ prompt }) => reader.read(prompt));
  const near = asked.map((one) => index.near(terms.vector(one)));
  const smooth = (prior: (at: number) => Float64Array, strength: number, least: number): Float64Array[] =>
    near.map((found, at) => {
      const sum = prior(at).map((value) => value * strength);
      const weight = new Float64Array(sum.length).fill(strength);
      found.rows.forEach((other, order) => {
        const similarity = Math.max(0, (found.similarities[order] ?? 0) - least);
        train[other]?.scores.forEach((score, model) => {
          if (Number.isNaN(score)) return;
          sum[model] = (sum[model] ?? 0) + similarity * score;
          weight[model] = (weight[model] ?? 0) + similarity;
        });
      });
      return sum.map((value, model) => value / (weight[model] ?? 1));
    });
  const knn = smooth(() => means.global, 6, 0);
  const ridge = ridgeScores(routing, { train, vectors, asked: asked.map((one) => terms.vector(one)), means });
  const quality: Record<ReferenceName, readonly Float64Array[]> = {
    job,
    knn,
    ridge,
    knnJob: smooth((at) => job[at] ?? means.global, 6, 0),
    floor: smooth((at) => job[at] ?? means.global, 20, 0.3),
    hybrid: job.map((row, at) =>
      row.map((value, model) => (value + (knn[at]?.[model] ?? 0) + (ridge[at]?.[model] ?? 0)) / 3),
    ),
  };
  const entries = referenceNames.map((name) => [name, byUtility(quality[name], costs, set.models)] as const);
  return Object.fromEntries(entries) as Record<ReferenceName, Predictions>;
}

interface Means {
  readonly global: Float64Array;
  of(job: string): Float64Array;
}

function meansOf(rows: readonly BenchRow[], models: number, values: (row: BenchRow) => Float64Array): Means {
  const sums = new Map<string, { sum: Float64Array; count: Float64Array }>();
  const total = { sum: new Float64Array(models), count: new Float64Array(models) };
  for (const row of rows) {
    const own = sums.get(row.job) ?? { sum: new Float64Array(models), count: new Float64Array(models) };
    sums.set(row.job, own);
    values(row).forEach((value, model) => {
      if (Number.isNaN(value)) return;
      for (const { sum, count } of [own, total]) {
        sum[model] = (sum[model] ?? 0) + value;
        count[model] = (count[model] ?? 0) + 1;
      }
    });
  }
  const global = total.sum.map((sum, model) => sum / Math.max(1, total.count[model] ?? 0));
  const jobs = new Map<string, Float64Array>();
  for (const [job, { sum, count }] of sums) {
    const mean = sum.map(
      (value, model) => (value + jobStrength * (global[model] ?? 0)) / ((count[model] ?? 0) + jobStrength),
    );
    jobs.set(job, mean);
  }
  return { global, of: (job) => jobs.get(job) ?? global };
}

type Vector = ReturnType<InstanceType<RoutingModule['TermWeights']>['vector']>;

function ridgeScores(
  routing: RoutingModule,
  of: { train: readonly BenchRow[]; vectors: readonly Vector[]; asked: readonly Vector[]; means: Means },
): Float64Array[] {
  const { means } = of;
  const train = of.train.slice(0, ridgeRows);
  const vectors = of.vectors.slice(0, ridgeRows);
  const width = means.global.length;
  const numbers = Int32Array.from({ length: 32_768 }, (_, at) => at);
  const design = routing.termDesign(vectors, numbers);
  const targets = new Float64Array(train.length * width);
  train.forEach((row, at) => {
    row.scores.forEach((score, model) => {
      targets[at * width + model] = Number.isNaN(score) ? 0 : score - (means.global[model] ?? 0);
    });
  });
  const rowWeights = new Float64Array(train.length).fill(1);
  const weights = routing.solveRidge({ design, targets, targetCount: width, rowWeights, penalty: ridgePenalty });
  return of.asked.map(({ buckets, values }) => {
    const scores = Float64Array.from(means.global);
    buckets.forEach((bucket, at) => {
      for (let model = 0; model < width; model++)
        scores[model] = (scores[model] ?? 0) + (values[at] ?? 0) * (weights[bucket * width + model] ?? 0);
    });
    return scores;
  });
}
