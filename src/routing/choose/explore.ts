/** How a choice may deviate from the best to learn. */
export interface Exploration {
  /** Larger explores less: inverse share of a candidate per unit of utility lost. Infinite for none. */
  readonly gamma: number;
  /** Least share spread evenly; 0 for none. */
  readonly epsilon: number;
}

/** No exploration: the best is always chosen, with propensity 1. */
export const noExploration: Exploration = { gamma: Number.POSITIVE_INFINITY, epsilon: 0 };

/**
 * Exact probabilities of choosing each candidate by inverse gaps (SquareCB), mixed with a little evenly spread chance.
 * Candidates that are not allowed get 0, those that are not plausible only of what is spread evenly. Utilities are in
 * units of one success.
 */
export function propensities(
  utilities: Float64Array,
  allowed: readonly boolean[],
  { best, exploration, plausible }: { best: number; exploration: Exploration; plausible?: readonly boolean[] },
): Float64Array {
  const result = new Float64Array(utilities.length);
  const count = allowed.reduce((sum, one) => sum + (one ? 1 : 0), 0);
  const isTried = (at: number): boolean => allowed[at] === true && (at === best || (plausible?.[at] ?? true));
  const tried = allowed.reduce((sum, _, at) => sum + (isTried(at) ? 1 : 0), 0);
  const { gamma, epsilon } = exploration;
  if (count <= 1 || (!Number.isFinite(gamma) && epsilon === 0)) {
    result[best] = 1;
    return result;
  }
  let others = 0;
  for (let at = 0; at < utilities.length; at++) {
    if (at === best || allowed[at] !== true) continue;
    const gap = Math.max(0, (utilities[best] ?? 0) - (utilities[at] ?? 0));
    const share = Number.isFinite(gamma) && isTried(at) ? 1 / (tried + gamma * gap) : 0;
    result[at] = (1 - epsilon) * share + epsilon / count;
    others += result[at] ?? 0;
  }
  result[best] = 1 - others;
  return result;
}

/** The candidate that a number drawn uniformly from [0, 1) falls on. */
export function draw(shares: Float64Array, unit: number): number {
  let sum = 0;
  let last = 0;
  for (let at = 0; at < shares.length; at++) {
    const share = shares[at] ?? 0;
    if (share <= 0) continue;
    sum += share;
    last = at;
    if (unit < sum) return at;
  }
  return last;
}
