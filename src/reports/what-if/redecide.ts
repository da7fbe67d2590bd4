import type { LogColumns } from './log-columns.ts';

/** What is different from the log: a factor on the price of each model, and models that are gone. */
export interface Circumstance {
  /** By model; 1 for what stays. */
  readonly costFactor: Float64Array;
  /** By model; 1 for what no host serves any more. */
  readonly isGone: Uint8Array;
}

/** Nothing is different. */
export function unchanged(models: number): Circumstance {
  return { costFactor: new Float64Array(models).fill(1), isGone: new Uint8Array(models) };
}

/**
 * The candidate with the best utility in a row, as the router ranks: cost enters by its worth in successes, ties go to
 * the cheaper one. -1 when none may be taken.
 */
export function bestCandidate(log: LogColumns, row: number, { costFactor, isGone }: Circumstance): number {
  const { candidateModel, candidateCost, candidateUtility, candidateStart } = log;
  const valueNanos = log.value[row] ?? 0;
  const end = candidateStart[row + 1] ?? 0;
  let best = -1;
  let highest = -Infinity;
  let cheapest = Infinity;
  for (let at = candidateStart[row] ?? 0; at < end; at++) {
    const model = candidateModel[at] ?? 0;
    const usual = candidateUtility[at] ?? -Infinity;
    if (usual === -Infinity || isGone[model] === 1) continue;
    const factor = costFactor[model] ?? 1;
    const cost = (candidateCost[at] ?? 0) * factor;
    const utility =
      valueNanos > 0 && factor !== 1 ? usual - ((candidateCost[at] ?? 0) * (factor - 1)) / valueNanos : usual;
    if (utility > highest || (utility === highest && cost < cheapest)) {
      best = at;
      highest = utility;
      cheapest = cost;
    }
  }
  return best;
}

/** Place of a model among the candidates of a row; -1 when it is none of them. */
export function placeOf(log: LogColumns, row: number, model: number): number {
  const end = log.candidateStart[row + 1] ?? 0;
  for (let at = log.candidateStart[row] ?? 0; at < end; at++) if (log.candidateModel[at] === model) return at;
  return -1;
}

/**
 * What a row would have cost with another candidate: what was expected of that one, as far off as the logged one was,
 * since a long answer is long with every model. Whole nano-USD.
 */
export function costElsewhere(log: LogColumns, row: number, candidate: number): number {
  const expected = log.candidateCost[candidate] ?? 0;
  const logged = placeOf(log, row, log.model[row] ?? 0);
  const usual = logged < 0 ? 0 : (log.candidateCost[logged] ?? 0);
  const surprise = usual > 0 ? Math.min(10, Math.max(0.1, (log.cost[row] ?? 0) / usual)) : 1;
  return Math.round(expected * surprise);
}
