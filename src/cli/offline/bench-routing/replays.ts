import { createSeededRandom, type Random } from '../../../platform/random.ts';
import { normal, shuffled } from './intervals.ts';
import type { BenchRow, BenchSet } from './load-set.ts';
import { candidatesOf } from './methods.ts';
import type { RoutingModule } from './routing-module.ts';
import { singlePoint } from './trade-off.ts';

const observed = 0.3;
const delay = 100;
const seeds = 3;
const priorSpread = 0.05;
const costShare = 0.1;
/** Outcomes between two published snapshots. */
const publishEvery = 5;

/** Utility of every model on every row, and what the learner is told of models beforehand. */
export interface World {
  readonly set: Pick<BenchSet, 'models' | 'prices'>;
  readonly rows: readonly BenchRow[];
  /** Nano-USD that one success is worth. */
  readonly valueNanos: number;
}

/** The world of a set: utility is score minus a tenth of the relative cost. */
export function worldOf(set: BenchSet, rows: readonly BenchRow[], kept?: readonly number[]): World {
  const places = kept ?? set.models.map((_, at) => at);
  const pick = (values: Float64Array): Float64Array => Float64Array.from(places, (at) => values[at] ?? Number.NaN);
  const narrowed = rows.map((row) => ({
    ...row,
    scores: pick(row.scores),
    costs: pick(row.costs ?? new Float64Array(set.models.length)),
  }));
  const dearest = Math.max(...places.map((_, model) => singlePoint(narrowed, model).cost));
  return {
    set: {
      models: places.map((at) => set.models[at] ?? ''),
      prices: places.map((at) => set.prices[at] ?? { input: 0, output: 1 }),
    },
    rows: narrowed,
    valueNanos: Math.max(1e-9, dearest) / costShare,
  };
}

/** Utility of a model on a row. */
export function utilityOf({ valueNanos }: World, row: BenchRow, model: number): number {
  return (row.scores[model] ?? 0) - (row.costs?.[model] ?? 0) / valueNanos;
}

/** Eleven best and three cheapest of a set with many models. */
function fewModels(set: BenchSet, rows: readonly BenchRow[]): number[] {
  const points = set.models.map((_, model) => ({ model, ...singlePoint(rows, model) }));
  const best = points.toSorted((left, right) => right.score - left.score).slice(0, 11);
  const cheap = points.toSorted((left, right) => left.cost - right.cost || right.score - left.score);
  const chosen = new Set(best.map(({ model }) => model));
  for (const { model } of cheap) if (chosen.size < 14) chosen.add(model);
  return [...chosen].sort((left, right) => left - right);
}

/** A learner in the middle of traffic: chooses, gets some outcomes late, and publishes what it learned. */
export class Traffic {
  readonly #routing: RoutingModule;
  readonly #world: World;
  readonly #random: Random;
  readonly #learner: InstanceType<RoutingModule['RoutingLearner']>;
  readonly #detector: InstanceType<RoutingModule['ChangeDetector']>;
  readonly #candidates: ReturnType<typeof candidatesOf>;
  readonly #budget: InstanceType<RoutingModule['ExplorationBudget']>;
  readonly #outcomesOf = new Map<string, number>();
  readonly #late: { due: number; row: BenchRow; model: number; expected: number }[] = [];
  #state: ReturnType<InstanceType<RoutingModule['RoutingLearner']>['snapshot']>;
  #round = 0;
  outcomes = 0;
  spentNanos = 0;
  exploredNanos = 0;
  exploredSpendNanos = 0;
  readonly alarms: { model: string; atOutcome: number }[] = [];

  constructor(
    routing: RoutingModule,
    world: World,
    of: { random: Random; priors: readonly number[]; costs: readonly number[] },
  ) {
    this.#routing = routing;
    this.#world = world;
    this.#random = of.random;
    this.#learner = new routing.RoutingLearner();
    this.#detector = new routing.ChangeDetector();
    this.#budget = new routing.ExplorationBudget();
    this.#candidates = candidatesOf(world.set);
    world.set.models.forEach((model, at) => {
      this.#learner.addModel(model, { mean: of.priors[at] ?? 0.5, weight: priorWeight });
      const price = world.set.prices[at] ?? { input: 0, output: 1 };
      const usual = world.rows.reduce((sum, row) => sum + row.inputTokens, 0) / Math.max(1, world.rows.length);
      const tokens = price.output > 0 ? ((of.costs[at] ?? 0) - price.input * usual) / price.output : 0;
      this.#learner.expectOutput(model, tokens);
    });
    this.#state = this.#learner.snapshot(0);
  }

  /** Serves one request; returns the model chosen. */
  serve(row: BenchRow): number {
    this.#receive();
    const routing = this.#routing;
    const request = { job: row.job, features: undefined, inputTokens: row.inputTokens };
    const outcomes = this.#outcomesOf.get(row.job) ?? 0;
    const exploration = this.#budget.policyOf(row.job, explorationLimits, { nowMs: 0, outcomes });
    const tradeoff = {
      valueNanos: this.#world.valueNanos,
      isLearning: true,
      ...(exploration && { exploration, mostExtraNanos: exploration.allowanceNanos }),
    };
    const seed = this.#random.uint32();
    const choice = routing.chooseModel({ state: this.#state, request, candidates: this.#candidates, tradeoff, seed });
    if (!('chosen' in choice)) throw choice;
    const { chosen, best } = choice;
    const cost = row.costs?.[chosen] ?? 0;
    this.spentNanos += cost;
    const { costNanos } = choice.estimates;
    this.#budget.note(row.job, { chosenNanos: costNanos[chosen] ?? 0, bestNanos: costNanos[best] ?? 0 }, 0);
    if (chosen !== best) {
      this.exploredNanos += Math.max(0, cost - (row.costs?.[best] ?? 0));
      this.exploredSpendNanos += cost;
    }
    if (this.#random.unit() < observed)
      this.#late.push({
        due: this.#round + delay,
        row,
        model: chosen,
        expected: choice.estimates.quality[chosen] ?? 0,
      });
    this.#round++;
    return chosen;
  }

  #receive(): void {
    while ((this.#late[0]?.due ?? Number.POSITIVE_INFINITY) <= this.#round) {
      const late = this.#late.shift();
      if (!late) return;
      const { row, model, expected } = late;
      const name = this.#world.set.models[model] ?? '';
      const score = row.scores[model] ?? 0;
      this.outcomes++;
      this.#outcomesOf.set(row.job, (this.#outcomesOf.get(row.job) ?? 0) + 1);
      this.#learner.learn({ id: `${this.outcomes}`, job: row.job, model: name, score, weight: 1, atMs: 0 });
      if (this.#detector.note(name, { expected, actual: score })) {
        this.#learner.alarm(name);
        this.alarms.push({ model: name, atOutcome: this.outcomes });
      }
      if (this.outcomes % publishEvery === 0) this.#state = this.#learner.snapshot(0);
    }
  }
}

const priorWeight = 30;
/** What a job may be set to: trying out may cost so much of its spend more than the best choices. */
const explorationLimits = { maxShare: 0.015, nanosPerDay: undefined };

/** Online learning from partial and late outcomes, against the prior alone and against hindsight. */
export function replay(routing: RoutingModule, set: BenchSet, rows: readonly BenchRow[]) {
  const world = worldOf(set, rows, set.models.length > 20 ? fewModels(set, rows) : undefined);
  const models = world.set.models.map((_, at) => at);
  const means = models.map((model) => singlePoint(world.rows, model));
  const runs = Array.from({ length: seeds }, (_, seed) => {
    const random = createSeededRandom(seed + 1);
    const priors = means.map(({ score }) => Math.min(1, Math.max(0, score + priorSpread * normal(random))));
    const order = Array.from(shuffled(rows.length, random), (at) => world.rows[at]).filter((row) => row !== undefined);
    const traffic = new Traffic(routing, world, { random, priors, costs: means.map(({ cost }) => cost) });
    const earned = order.map((row) => utilityOf(world, row, traffic.serve(row)));
    const byPrior = indexOfMost(models.map((at) => (priors[at] ?? 0) - (means[at]?.cost ?? 0) / world.valueNanos));
    const last = order.slice(Math.floor(order.length * 0.75));
    return {
      router: average(earned),
      routerLastQuarter: average(earned.slice(order.length - last.length)),
      priorOnly: average(order.map((row) => utilityOf(world, row, byPrior))),
      priorLastQuarter: average(last.map((row) => utilityOf(world, row, byPrior))),
      bestSingleHindsight: bestFixed(world, order),
      perJobHindsight: perJob(world, order),
      perJobLastQuarter: perJob(world, last, order),
      explorationSpend: traffic.exploredNanos / Math.max(1e-9, traffic.spentNanos),
      explorationCalls: traffic.exploredSpendNanos / Math.max(1e-9, traffic.spentNanos),
    };
  });
  const mean = (pick: (run: (typeof runs)[number]) => number): number => average(runs.map(pick));
  const lastQuarter = mean((run) => run.routerLastQuarter);
  const prior = mean((run) => run.priorLastQuarter);
  const hindsight = mean((run) => run.perJobLastQuarter);
  return {
    set: set.name,
    rounds: rows.length,
    observed,
    delay,
    seeds,
    router: mean((run) => run.router),
    routerLastQuarter: lastQuarter,
    priorOnly: mean((run) => run.priorOnly),
    priorLastQuarter: prior,
    bestSingleHindsight: mean((run) => run.bestSingleHindsight),
    perJobHindsight: mean((run) => run.perJobHindsight),
    perJobLastQuarter: hindsight,
    share: hindsight > prior ? (lastQuarter - prior) / (hindsight - prior) : null,
    explorationSpend: mean((run) => run.explorationSpend),
    explorationCalls: mean((run) => run.explorationCalls),
  };
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function indexOfMost(values: readonly number[]): number {
  return values.indexOf(Math.max(...values));
}

function bestFixed(world: World, rows: readonly BenchRow[]): number {
  return Math.max(...world.set.models.map((_, model) => average(rows.map((row) => utilityOf(world, row, model)))));
}

/** Utility of always taking each job's best model, which is found on `from`. */
export function perJob(world: World, rows: readonly BenchRow[], from: readonly BenchRow[] = rows): number {
  const best = new Map<string, number>();
  for (const job of new Set(from.map((row) => row.job))) {
    const own = from.filter((row) => row.job === job);
    best.set(
      job,
      indexOfMost(world.set.models.map((_, model) => average(own.map((row) => utilityOf(world, row, model))))),
    );
  }
  return average(rows.map((row) => utilityOf(world, row, best.get(row.job) ?? 0)));
}
