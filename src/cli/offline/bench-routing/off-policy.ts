import { createSeededRandom } from '../../../platform/random.ts';
import type { LoggedChoice } from '../../../routing/index.ts';
import { shuffled } from './intervals.ts';
import type { BenchRow, BenchSet } from './load-set.ts';
import type { RoutingModule } from './routing-module.ts';
import { singlePoint } from './trade-off.ts';

const repetitions = 60;
const temperature = 0.05;
const uniformShare = 0.1;
const designShare = 0.2;

/** How well a policy's value is known from the log of another, over many logs. */
export function offPolicy(routing: RoutingModule, set: BenchSet, of: { rows: readonly BenchRow[]; size: number }) {
  const { rows, size } = of;
  const errors = { ips: 0, snips: 0, dm: 0, dr: 0, drClip: 0 };
  const sizes: number[] = [];
  let covered = 0;
  let done = 0;
  const logging = loggingShares(set, rows);
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const random = createSeededRandom(1000 + repetition);
    const order = shuffled(rows.length, random);
    const all = Array.from(order, (at) => rows[at]).filter((row) => row !== undefined);
    const policy = bestPerJob(set, all.slice(0, Math.floor(designShare * rows.length)));
    const rest = all.slice(Math.floor(designShare * rows.length));
    const truth = rest.reduce((sum, row) => sum + (row.scores[policy(row.job)] ?? 0), 0) / rest.length;
    const log = rest.slice(0, size).map((row) => ({ row, model: routing.draw(logging, random.unit()) }));
    const value = routing.policyValue(logged(routing, set, { log, logging, policy }));
    if (!value) continue;
    done++;
    for (const name of ['ips', 'snips', 'dm', 'dr', 'drClip'] as const) errors[name] += Math.abs(value[name] - truth);
    if (value.interval[0] <= truth && truth <= value.interval[1]) covered++;
    sizes.push(value.effectiveSize);
  }
  const mean = (sum: number): number => sum / Math.max(1, done);
  return {
    set: set.name,
    n: size,
    repetitions,
    meanAbsError: {
      ips: mean(errors.ips),
      snips: mean(errors.snips),
      dm: mean(errors.dm),
      dr: mean(errors.dr),
      drClip: mean(errors.drClip),
    },
    coverage95: mean(covered),
    medianEss: sizes.sort((left, right) => left - right)[sizes.length >> 1] ?? 0,
  };
}

/** Prefers models that are better for their cost overall, with a little of everything. */
function loggingShares(set: BenchSet, rows: readonly BenchRow[]): Float64Array {
  const points = set.models.map((_, model) => singlePoint(rows, model));
  const dearest = Math.max(1e-9, ...points.map(({ cost }) => cost));
  const weights = points.map(({ score, cost }) => Math.exp((score - (0.1 * cost) / dearest) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return Float64Array.from(weights, (weight) => (1 - uniformShare) * (weight / total) + uniformShare / weights.length);
}

function bestPerJob(set: BenchSet, rows: readonly BenchRow[]): (job: string) => number {
  const best = (of: readonly BenchRow[]): number => {
    const means = set.models.map((_, model) => singlePoint(of, model).score);
    return means.indexOf(Math.max(...means));
  };
  const overall = best(rows);
  const jobs = new Map<string, number>();
  for (const job of new Set(rows.map((row) => row.job))) jobs.set(job, best(rows.filter((row) => row.job === job)));
  return (job) => jobs.get(job) ?? overall;
}

/** Two halves, each judged by what the router learned from the other. */
function logged(
  routing: RoutingModule,
  set: BenchSet,
  of: { log: readonly { row: BenchRow; model: number }[]; logging: Float64Array; policy: (job: string) => number },
): LoggedChoice[] {
  const { log, logging, policy } = of;
  const states = [0, 1].map((half) => {
    const learner = new routing.RoutingLearner();
    for (const model of set.models) learner.addModel(model);
    log.forEach(({ row, model }, at) => {
      if (at % 2 === half) return;
      const name = set.models[model] ?? '';
      learner.learn({ id: `${at}`, job: row.job, model: name, score: row.scores[model] ?? 0, weight: 1, atMs: 0 });
    });
    return learner.snapshot(0);
  });
  return log.map(({ row, model }, at) => {
    const state = states[at % 2];
    const belief = state?.jobs.get(row.job) ?? state?.unknownJob;
    const wanted = policy(row.job);
    const expectedPolicy = belief?.quality[wanted] ?? 0.5;
    return {
      propensity: logging[model] ?? 0,
      probability: wanted === model ? 1 : 0,
      reward: row.scores[model] ?? 0,
      expectedLogged: belief?.quality[model] ?? 0.5,
      expectedPolicy,
      noise: routing.expectedNoise([{ propensity: logging[wanted] ?? 0, probability: 1, expected: expectedPolicy }]),
    };
  });
}
