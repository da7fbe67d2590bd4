/** Points of success that the usual cost is worth at a cost weight of 1. */
const usualCostWorth = 0.05;

/**
 * What one success is taken to be worth where nobody said: cost is weighed against the usual cost of the candidates.
 * undefined: cost is not to be weighed, or there is none.
 */
export function usualValue(costs: Iterable<number>, costWeight: number): number | undefined {
  if (!(costWeight > 0)) return undefined;
  const sorted = Float64Array.from(costs).sort();
  const middle = (sorted.length - 1) / 2;
  const median = ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
  return median > 0 ? median / (usualCostWorth * costWeight) : undefined;
}
