import type { BenchRow, BenchSet } from './load-set.ts';
import { type Choices, median } from './metrics.ts';
import type { RoutingModule } from './routing-module.ts';
import type { Estimates, RoutingState } from '../../../routing/index.ts';

/** What a method predicts for rows it has not seen. */
export interface Predictions {
  /** Rows x models. */
  readonly quality: readonly Float64Array[];
  /** Choice per row at a trade-off. */
  choose(lambda: number): Choices;
}

/** Chooses by predicted quality minus predicted cost; ties by lower cost, then name. */
export function byUtility(
  quality: readonly Float64Array[],
  costs: readonly Float64Array[],
  models: readonly string[],
): Predictions {
  const typical = Math.max(1e-9, median(Float64Array.from(costs.flatMap((row) => [...row]))));
  const names = models
    .map((_, at) => at)
    .sort((left, right) => ((models[left] ?? '') < (models[right] ?? '') ? -1 : 1));
  return {
    quality,
    choose: (lambda) =>
      Int32Array.from(quality, (row, at) => {
        let best = -1;
        let bestUtility = Number.NEGATIVE_INFINITY;
        for (const model of names) {
          const cost = costs[at]?.[model] ?? 0;
          const utility = (row[model] ?? 0) - (0.05 * lambda * cost) / typical;
          const isTie = utility === bestUtility && cost < (costs[at]?.[best] ?? 0);
          if (utility > bestUtility || isTie) {
            best = model;
            bestUtility = utility;
          }
        }
        return best;
      }),
  };
}

/** Teaches a fresh learner everything in the rows. */
export function trainRouter(
  routing: RoutingModule,
  set: Pick<BenchSet, 'models' | 'prices'>,
  rows: readonly BenchRow[],
): RoutingState {
  const learner = teachRows(routing, set, rows);
  learner.refit();
  return learner.snapshot(0);
}

/** The same without the level of single prompts. */
export function trainJobsOnly(
  routing: RoutingModule,
  set: Pick<BenchSet, 'models' | 'prices'>,
  rows: readonly BenchRow[],
): RoutingState {
  return teachRows(routing, set, rows).snapshot(0);
}

function teachRows(
  routing: RoutingModule,
  set: Pick<BenchSet, 'models' | 'prices'>,
  rows: readonly BenchRow[],
): InstanceType<RoutingModule['RoutingLearner']> {
  const learner = new routing.RoutingLearner();
  const reader = new routing.FeatureReader();
  for (const model of set.models) learner.addModel(model);
  for (const row of rows) teach({ learner, reader }, set, row);
  return learner;
}

/** Teaches one row: the grades of all models on one prompt, with the output tokens their costs stand for. */
export function teach(
  to: { learner: InstanceType<RoutingModule['RoutingLearner']>; reader: InstanceType<RoutingModule['FeatureReader']> },
  set: Pick<BenchSet, 'models' | 'prices'>,
  row: BenchRow,
): void {
  const features = to.reader.read(row.prompt);
  set.models.forEach((model, at) => {
    const score = row.scores[at] ?? Number.NaN;
    if (Number.isNaN(score)) return;
    const outcome = { id: `${row.id}\u0000${model}`, job: row.job, model, score, weight: 1, atMs: 0 };
    const outputTokens = outputTokensOf(set, row, at);
    const usage = outputTokens === undefined ? {} : { outputTokens };
    to.learner.learn({ ...outcome, ...usage, promptId: row.id, features });
  });
}

function outputTokensOf({ prices }: Pick<BenchSet, 'prices'>, row: BenchRow, model: number): number | undefined {
  const cost = row.costs?.[model] ?? Number.NaN;
  const price = prices[model];
  if (Number.isNaN(cost) || !price || price.output <= 0) return undefined;
  return (cost - price.input * row.inputTokens) / price.output;
}

/** Candidates of a set at its prices. */
export function candidatesOf(set: Pick<BenchSet, 'models' | 'prices'>) {
  return set.models.map((model, at) => ({
    model,
    inputNanosPerToken: set.prices[at]?.input ?? 0,
    outputNanosPerToken: set.prices[at]?.output ?? 0,
  }));
}

/** Predictions and choices of the product's router. */
export function routerPredictions(
  routing: RoutingModule,
  set: Pick<BenchSet, 'models' | 'prices'>,
  of: { state: RoutingState; rows: readonly BenchRow[] },
): Predictions & { readonly estimates: readonly Estimates[] } {
  const { state, rows } = of;
  const candidates = candidatesOf(set);
  const reader = new routing.FeatureReader();
  const requests = rows.map(({ job, prompt, inputTokens }) => ({ job, inputTokens, features: reader.read(prompt) }));
  const estimates = requests.map((request) => routing.estimateCandidates(state, request, candidates));
  const typical = Math.max(1e-9, median(Float64Array.from(estimates.flatMap(({ costNanos }) => [...costNanos]))));
  return {
    estimates,
    quality: estimates.map(({ quality }) => quality),
    choose: (lambda) =>
      Int32Array.from(estimates, (one, at) => {
        const request = requests[at] ?? { job: '', inputTokens: 0, features: undefined };
        const tradeoff = { valueNanos: lambda === 0 ? undefined : typical / (0.05 * lambda) };
        const choice = routing.chooseByEstimates(one, { state, request, candidates, tradeoff, seed: 1 });
        if (!('chosen' in choice)) throw choice;
        return choice.chosen;
      }),
  };
}
