import type { LoggedExchange } from '../../domain/exchange-log.ts';
import { clusteredMean } from '../../domain/statistics/clustered-mean.ts';
import type { Interval } from '../../domain/statistics/normal.ts';
import type { Parity, Saving, SavingLayer } from './roi-report.ts';

/** A request as the saving needs it; amounts in nano-USD as statistical quantities. */
interface SavingRow {
  readonly cluster: string;
  readonly actual: number;
  readonly expected: ReadonlyMap<string, number>;
  readonly quality: ReadonlyMap<string, number>;
  readonly model: string;
  readonly host: string;
  readonly valueNanos: number;
}

/** Splits what was saved against always asking the baseline; undefined when no logged choice names the baseline. */
export function measureSaving(exchanges: readonly LoggedExchange[], parity: Parity): Saving | undefined {
  const { baseline } = parity;
  const used = exchanges.flatMap((exchange) => {
    const row = toRow(exchange);
    return row?.expected.has(baseline) === true && row.expected.has(row.model) ? [{ row, exchange }] : [];
  });
  if (used.length === 0) return undefined;
  const rows = used.map(({ row }) => row);
  const ratios = hostRatios(rows, baseline);
  const best = staticBest(rows);
  const costs = rows.map((row, at) => {
    // The same request is as long for every model: what it was off by stays.
    const surprise = Math.min(10, Math.max(0.1, row.actual / Math.max(1, row.expected.get(row.model) ?? 0)));
    const base = (row.expected.get(baseline) ?? 0) * surprise;
    const single = best[at % 2] ?? baseline;
    const fixed = single === row.model ? row.actual : (row.expected.get(single) ?? 0) * surprise;
    return { dear: base * ratios.main, base: row.model === baseline ? row.actual : base * ratios.all, fixed };
  });
  const layer = (name: SavingLayer['name'], note: string, saved: (at: number) => number): SavingLayer =>
    measureLayer({ name, note, values: rows.map(({ cluster }, at) => ({ cluster, value: saved(at) })) });
  const costOf = (at: number): (typeof costs)[number] => costs[at] ?? { dear: 0, base: 0, fixed: 0 };
  const layers: SavingLayer[] = [
    layer('price and host', `${baseline} on the hosts that were used`, (at) => costOf(at).dear - costOf(at).base),
    layer(
      'static best',
      `one model for the job: ${[...new Set(best)].join(' or ')}`,
      (at) => costOf(at).base - costOf(at).fixed,
    ),
    unmeasured('prompt cache', 'contained in the costs of all layers, not split out'),
    layer(
      'prompt-level routing',
      'another model for some requests',
      (at) => costOf(at).fixed - (rows[at]?.actual ?? 0),
    ),
    unmeasured('verifier cascade', 'off'),
  ];
  const actualNanos = used.reduce((sum, { exchange }) => sum + (exchange.costNanos ?? 0n), 0n);
  const baselineNanos = BigInt(Math.round(costs.reduce((sum, { dear }) => sum + dear, 0)));
  const savedNanos = baselineNanos - actualNanos;
  const explained = layers.reduce((sum, one) => sum + one.savedNanos, 0n);
  return {
    baselineNanos,
    actualNanos,
    savedNanos,
    layers,
    restNanos: savedNanos - explained,
    requests: rows.length,
    parity,
  };
}

function toRow({ final, decision, costNanos }: LoggedExchange): SavingRow | undefined {
  const { routing } = decision ?? {};
  if (routing === undefined || costNanos === null || final.host === undefined) return undefined;
  const priced = routing.candidates.filter((one) => one.costNanos !== null);
  return {
    cluster: final.endUser ?? final.requestId,
    actual: Number(costNanos),
    expected: new Map(priced.map(({ model, costNanos: expected }) => [model, Number(expected)])),
    quality: new Map(priced.map(({ model, quality }) => [model, quality])),
    model: final.model,
    host: final.host,
    valueNanos: Number(routing.valueNanos ?? 0),
  };
}

/** What the baseline cost against what was expected, on the host it was mostly used at and on all of them. */
function hostRatios(rows: readonly SavingRow[], baseline: string): { main: number; all: number } {
  const byHost = new Map<string, { actual: number; expected: number; count: number }>();
  for (const { model, host, actual, expected } of rows) {
    if (model !== baseline) continue;
    const sums = byHost.get(host) ?? { actual: 0, expected: 0, count: 0 };
    sums.actual += actual;
    sums.expected += expected.get(baseline) ?? 0;
    sums.count++;
    byHost.set(host, sums);
  }
  const all = [...byHost.values()];
  const [main] = all.toSorted((left, right) => right.count - left.count);
  const ratioOf = (sums: readonly { actual: number; expected: number }[]): number => {
    const expected = sums.reduce((sum, one) => sum + one.expected, 0);
    return expected > 0 ? sums.reduce((sum, one) => sum + one.actual, 0) / expected : 1;
  };
  // With few answers of its own the baseline is taken to cost what was expected of it.
  if (main === undefined || main.count < 20) return { main: 1, all: 1 };
  return { main: ratioOf([main]), all: ratioOf(all) };
}

/** The best single model of each half, to be used on the other one: nothing is valued on what it was chosen by. */
function staticBest(rows: readonly SavingRow[]): readonly [string, string] {
  const bestOf = (half: number): string => {
    const sums = new Map<string, { utility: number; count: number }>();
    rows.forEach(({ expected, quality, valueNanos }, at) => {
      if (at % 2 !== half) return;
      for (const [model, cost] of expected) {
        const sum = sums.get(model) ?? { utility: 0, count: 0 };
        sum.utility += (quality.get(model) ?? 0) - (valueNanos > 0 ? cost / valueNanos : cost * 1e-18);
        sum.count++;
        sums.set(model, sum);
      }
    });
    // A model that was not always a candidate cannot do the whole job.
    const most = Math.max(0, ...[...sums.values()].map(({ count }) => count));
    const always = [...sums].filter(([, { count }]) => count >= 0.99 * most);
    const [best] = always.toSorted(([, left], [, right]) => right.utility / right.count - left.utility / left.count);
    return best?.[0] ?? '';
  };
  return [bestOf(1), bestOf(0)];
}

function measureLayer(of: {
  name: SavingLayer['name'];
  note: string;
  values: readonly { cluster: string; value: number }[];
}): SavingLayer {
  const mean = clusteredMean(of.values);
  const count = of.values.length;
  const nanos = (mean?.mean ?? 0) * count;
  const interval: Interval | undefined = mean?.interval && [mean.interval[0] * count, mean.interval[1] * count];
  const isSure = interval !== undefined && (interval[0] > 0 || interval[1] < 0);
  return {
    name: of.name,
    savedNanos: isSure ? BigInt(Math.round(nanos)) : 0n,
    measured: { nanos, interval },
    note: isSure ? of.note : `${of.note}; the interval covers zero`,
  };
}

function unmeasured(name: SavingLayer['name'], note: string): SavingLayer {
  return { name, savedNanos: 0n, note };
}
