import type { LoggedExchange } from '../../domain/facts/exchange-log.ts';

/** A request as the saving needs it; amounts in nano-USD as statistical quantities. */
export interface SavingRow {
  readonly requestId: string;
  readonly cluster: string;
  readonly actual: number;
  /** What the answer alone took: without drafts that were turned down and attempts that failed. */
  readonly answer: number;
  readonly expected: ReadonlyMap<string, number>;
  readonly quality: ReadonlyMap<string, number>;
  readonly model: string;
  readonly host: string;
  readonly valueNanos: number;
  readonly chain: ChainRow | undefined;
}

/** A chain that answered, or that the request was held out of. */
export interface ChainRow {
  readonly single: string;
  readonly isAsked: boolean;
  /** Chance of being asked; 1: nothing is held out. */
  readonly chance: number;
  readonly expected: number;
}

/** What one request would have cost step by step, from the baseline down to what was paid. */
export interface SavingSteps {
  readonly requestId: string;
  readonly baselineNanos: number;
  /** The baseline on the hosts that were used. */
  readonly hostsNanos: number;
  readonly staticBestNanos: number;
  /** The model that was drawn for it, alone. */
  readonly singleNanos: number;
  readonly paidNanos: number;
}

/** What the steps begin with, and the points of success that may be lost against it. */
export interface Compared {
  readonly baseline: string;
  readonly margin: number;
}

/** Rows with their steps, and the best single model of each half. */
export interface SteppedLog {
  readonly used: readonly LoggedExchange[];
  readonly rows: readonly SavingRow[];
  readonly steps: readonly SavingSteps[];
  readonly best: readonly [string, string];
}

/** Works out the steps of each request that a logged choice and a known cost tell them of, in the order of the log. */
export function stepsOf(exchanges: readonly LoggedExchange[], compared: Compared): SteppedLog {
  const { baseline } = compared;
  const found = exchanges.flatMap((exchange) => {
    const row = toRow(exchange);
    return row?.expected.has(baseline) === true && row.expected.has(row.model) ? [{ row, exchange }] : [];
  });
  const rows = found.map(({ row }) => row);
  const ratios = hostRatios(rows, baseline);
  const best = staticBest(rows, compared);
  const steps = rows.map((row, at): SavingSteps => {
    const alone = aloneOf(row);
    const single = best[at % 2] ?? baseline;
    const base = alone(baseline);
    const isBaseline = row.model === baseline && row.chain?.isAsked !== true;
    return {
      requestId: row.requestId,
      baselineNanos: base * ratios.main,
      hostsNanos: isBaseline ? row.actual : base * ratios.all,
      staticBestNanos: alone(single),
      singleNanos: row.chain?.isAsked === true ? alone(row.chain.single) : row.actual,
      paidNanos: row.actual,
    };
  });
  return { used: found.map(({ exchange }) => exchange), rows, steps, best };
}

/** What one model alone would have cost. The same request is as long for every model: what it was off by stays. */
function aloneOf(row: SavingRow): (model: string) => number {
  const surprise = Math.min(10, Math.max(0.1, row.answer / Math.max(1, row.expected.get(row.model) ?? 0)));
  return (model) => {
    if (model !== row.model) return (row.expected.get(model) ?? 0) * surprise;
    return row.chain?.isAsked === true ? row.answer : row.actual;
  };
}

function toRow({ final, decision, costNanos, wasteNanos }: LoggedExchange): SavingRow | undefined {
  const { routing } = decision ?? {};
  if (routing === undefined || costNanos === null || final.host === undefined) return undefined;
  const priced = routing.candidates.filter((one) => one.costNanos !== null);
  return {
    requestId: final.requestId,
    cluster: final.endUser ?? final.requestId,
    actual: Number(costNanos),
    answer: Number(costNanos - wasteNanos),
    expected: new Map(priced.map(({ model, costNanos: expected }) => [model, Number(expected)])),
    quality: new Map(priced.map(({ model, quality }) => [model, quality])),
    model: final.model,
    host: final.host,
    valueNanos: Number(routing.valueNanos ?? 0),
    chain: chainOf(decision),
  };
}

function chainOf(decision: LoggedExchange['decision']): ChainRow | undefined {
  const chain = decision?.cascade ?? decision?.heldOutCascade;
  if (chain === undefined) return undefined;
  const { propensity = 1, single, costNanos } = chain;
  const isAsked = decision?.cascade !== undefined;
  return { single, isAsked, chance: isAsked ? propensity : 1 - propensity, expected: Number(costNanos) };
}

/** What the baseline cost against what was expected, on the host it was mostly used at and on all of them. */
function hostRatios(rows: readonly SavingRow[], baseline: string): { main: number; all: number } {
  const byHost = new Map<string, { actual: number; expected: number; count: number }>();
  for (const { model, host, actual, expected, chain } of rows) {
    if (model !== baseline || chain?.isAsked === true) continue;
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

interface ModelSums {
  utility: number;
  quality: number;
  count: number;
}

/**
 * The best single model of each half, to be used on the other one: nothing is valued on what it was chosen by. What is
 * expected to be worse than the baseline by more than may be lost could not do the job, however cheap it is.
 */
function staticBest(rows: readonly SavingRow[], { baseline, margin }: Compared): readonly [string, string] {
  const bestOf = (half: number): string => {
    const sums = sumModels(rows.filter((_, at) => at % 2 === half));
    const incumbent = sums.get(baseline);
    const least = incumbent ? incumbent.quality / incumbent.count - margin : 0;
    // A model that was not always a candidate cannot do the whole job.
    const most = Math.max(0, ...[...sums.values()].map(({ count }) => count));
    const fit = [...sums].filter(([, { count, quality }]) => count >= 0.99 * most && quality / count >= least);
    const [best] = fit.toSorted(([, left], [, right]) => right.utility / right.count - left.utility / left.count);
    return best?.[0] ?? baseline;
  };
  return [bestOf(1), bestOf(0)];
}

function sumModels(rows: readonly SavingRow[]): Map<string, ModelSums> {
  const sums = new Map<string, ModelSums>();
  for (const { expected, quality, valueNanos } of rows) {
    for (const [model, cost] of expected) {
      const sum = sums.get(model) ?? { utility: 0, quality: 0, count: 0 };
      const expectedQuality = quality.get(model) ?? 0;
      sum.utility += expectedQuality - (valueNanos > 0 ? cost / valueNanos : cost * 1e-18);
      sum.quality += expectedQuality;
      sum.count++;
      sums.set(model, sum);
    }
  }
  return sums;
}
