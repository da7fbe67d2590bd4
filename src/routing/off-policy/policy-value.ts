/** One logged choice with its outcome, seen by the policy that is to be valued. */
export interface LoggedChoice {
  /** Probability with which the logging policy chose what it chose. */
  readonly propensity: number;
  /** Probability with which the new policy would have chosen the same. */
  readonly probability: number;
  readonly reward: number;
  /** Reward the outcome model expects of the logged choice. */
  readonly expectedLogged: number;
  /** Reward the outcome model expects under the new policy. */
  readonly expectedPolicy: number;
  /** Variance of the weighted outcome before the choice was drawn, see `expectedNoise`; absent: only the log tells. */
  readonly noise?: number;
}

/** A policy's value by several estimators; `drClip` is the one to use, the others show how far they agree. */
export interface PolicyValue {
  readonly ips: number;
  readonly snips: number;
  readonly dm: number;
  readonly dr: number;
  readonly drClip: number;
  /** Standard error of `drClip`, with what clipping may have taken away. */
  readonly standardError: number;
  readonly interval: readonly [number, number];
  /** How many plain outcomes the weighted ones are worth. */
  readonly effectiveSize: number;
  readonly largestWeight: number;
}

const clip = 20;

/**
 * Variance of one clipped and weighted outcome that passes or fails, over all that the logging policy might have drawn.
 * A log that happened to draw none of the rare, heavy choices looks surer than it is; this does not depend on luck.
 */
export function expectedNoise(
  candidates: readonly { readonly propensity: number; readonly probability: number; readonly expected: number }[],
): number {
  return candidates.reduce((sum, { propensity, probability, expected }) => {
    if (probability <= 0 || propensity <= 0) return sum;
    const weight = Math.min(clip, probability / propensity);
    const inside = Math.min(0.98, Math.max(0.02, expected));
    return sum + propensity * weight * weight * inside * (1 - inside);
  }, 0);
}

/** Values a policy from the log of another one; undefined when a propensity is missing where it is needed. */
export function policyValue(log: readonly LoggedChoice[]): PolicyValue | undefined {
  const count = log.length;
  if (count < 2) return undefined;
  const sums = {
    weight: 0,
    square: 0,
    ips: 0,
    dm: 0,
    dr: 0,
    clipped: 0,
    clippedSquare: 0,
    largest: 0,
    noise: 0,
    dmSquare: 0,
  };
  for (const { propensity, probability, reward, expectedLogged, expectedPolicy, noise = 0 } of log) {
    if (!(propensity > 0) || propensity > 1) return undefined;
    const weight = probability / propensity;
    const clipped = expectedPolicy + Math.min(weight, clip) * (reward - expectedLogged);
    sums.weight += weight;
    sums.square += weight * weight;
    sums.ips += weight * reward;
    sums.dm += expectedPolicy;
    sums.dmSquare += expectedPolicy * expectedPolicy;
    sums.noise += noise;
    sums.dr += expectedPolicy + weight * (reward - expectedLogged);
    sums.clipped += clipped;
    sums.clippedSquare += clipped * clipped;
    sums.largest = Math.max(sums.largest, weight);
  }
  const drClip = sums.clipped / count;
  const seen = Math.max(0, sums.clippedSquare / count - drClip * drClip) * (count / (count - 1));
  const expected = sums.noise === 0 ? 0 : sums.noise / count + sums.dmSquare / count - (sums.dm / count) ** 2;
  const spread = Math.sqrt(Math.max(seen, expected) / count);
  // Clipping trades spread for bias; what it took away is the best guess of that bias, whole and in both directions.
  const bias = Math.abs(sums.dr / count - drClip);
  const standardError = spread + bias / 1.96;
  return {
    ips: sums.ips / count,
    snips: sums.weight > 0 ? sums.ips / sums.weight : sums.dm / count,
    dm: sums.dm / count,
    dr: sums.dr / count,
    drClip,
    standardError,
    interval: [drClip - 1.96 * standardError, drClip + 1.96 * standardError],
    effectiveSize: sums.square > 0 ? sums.weight ** 2 / sums.square : 0,
    largestWeight: sums.largest,
  };
}
