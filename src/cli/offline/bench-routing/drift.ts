import { createSeededRandom } from '../../../platform/random.ts';
import type { BenchSet } from './load-set.ts';
import { perJob, Traffic, utilityOf, worldOf } from './replays.ts';
import type { RoutingModule } from './routing-module.ts';
import { singlePoint } from './trade-off.ts';

const roundsBefore = 2000;
const roundsAfter = 2000;
const window = 100;
const goodEnough = 0.95;

/** Models change under their names after 2,000 requests: how many outcomes until the router is good again. */
export function drift(routing: RoutingModule, before: BenchSet, after: BenchSet) {
  const models = before.models.filter((model) => after.models.includes(model));
  const world = (set: BenchSet) =>
    worldOf(
      set,
      set.rows,
      models.map((model) => set.models.indexOf(model)),
    );
  const old = world(before);
  const fresh = world(after);
  const random = createSeededRandom(1);
  const means = models.map((_, model) => singlePoint(old.rows, model));
  const traffic = new Traffic(routing, old, {
    random,
    priors: means.map(({ score }) => score),
    costs: means.map(({ cost }) => cost),
  });
  const pick = (rows: typeof old.rows) => rows[Math.floor(random.unit() * rows.length)];
  for (let round = 0; round < roundsBefore; round++) {
    const row = pick(old.rows);
    if (row) traffic.serve(row);
  }
  const falseAlarms = traffic.alarms.length;
  const outcomesBefore = traffic.outcomes;
  const wanted = goodEnough * perJob(fresh, fresh.rows);
  const recent: number[] = [];
  let recoveredAfter: number | null = null;
  for (let round = 0; round < roundsAfter; round++) {
    const row = pick(fresh.rows);
    if (!row) continue;
    recent.push(utilityOf(fresh, row, traffic.serve(row)));
    if (recent.length > window) recent.shift();
    const mean = recent.reduce((sum, value) => sum + value, 0) / window;
    if (recent.length === window && mean >= wanted) {
      recoveredAfter ??= traffic.outcomes - outcomesBefore;
    }
  }
  return {
    from: before.name,
    to: after.name,
    models: models.length,
    recoveredAfter,
    alarms: traffic.alarms.slice(falseAlarms),
    falseAlarms,
  };
}
