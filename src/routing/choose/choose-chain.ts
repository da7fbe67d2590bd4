/** Graded prompts of one job: per prompt the scores and costs of all models. */
export interface ChainEvidence {
  readonly models: readonly string[];
  readonly rows: readonly { readonly scores: Float64Array; readonly costs: Float64Array }[];
}

/** A cheap model whose answer is checked, and the model asked when the check fails. */
export interface Chain {
  readonly first: number;
  readonly second: number;
  readonly accuracy: number;
  readonly cost: number;
  /** Lower bound of the gain over the best single model, in points of score. */
  readonly gainBound: number;
}

/** A larger error makes a chain worse than what it replaces. */
const maxVerifierError = 0.15;

/** Points of score that the lower bound of a chain may lie below the best single model. */
export const chainMargin = 0.01;
/** What the whole cost of the best single model is worth, in points of score, when chains are compared. */
const costWorth = 0.2;

/**
 * Of the chains that are not worse than the best single model by more than the margin, at one standard error paired by
 * prompt, the one with the best accuracy for its cost; if none is sure, the surest.
 */
export function chooseChain(
  evidence: ChainEvidence,
  of: { verifierError: number; best: number; confidence?: number },
): Chain | undefined {
  const { verifierError, best, confidence = 1 } = of;
  if (verifierError > maxVerifierError || evidence.rows.length < 10) return undefined;
  const full = evidence.rows.reduce((sum, { costs }) => sum + (costs[best] ?? 0), 0) / evidence.rows.length;
  const worthOf = ({ accuracy, cost }: Chain): number => accuracy - (costWorth * cost) / Math.max(1e-9, full);
  let sure: Chain | undefined;
  let surest: Chain | undefined;
  for (let first = 0; first < evidence.models.length; first++) {
    for (let second = 0; second < evidence.models.length; second++) {
      if (first === second) continue;
      const chain = valueChain(evidence, { first, second, verifierError, best, confidence });
      if (chain.gainBound >= -chainMargin && (!sure || worthOf(chain) > worthOf(sure))) sure = chain;
      if (!surest || chain.gainBound > surest.gainBound) surest = chain;
    }
  }
  return sure ?? surest;
}

/** Expected accuracy and cost of a chain, with its paired gain over a single model. */
export function valueChain(
  { rows }: ChainEvidence,
  of: { first: number; second: number; verifierError: number; best: number; confidence: number },
): Chain {
  const { first, second, verifierError: error, best, confidence } = of;
  let accuracy = 0;
  let cost = 0;
  let squares = 0;
  let gains = 0;
  for (const { scores, costs } of rows) {
    const one = scores[first] ?? 0;
    const rejected = one * error + (1 - one) * (1 - error);
    const score = one * (1 - error) + rejected * (scores[second] ?? 0);
    const gain = score - (scores[best] ?? 0);
    accuracy += score;
    cost += (costs[first] ?? 0) + rejected * (costs[second] ?? 0);
    gains += gain;
    squares += gain * gain;
  }
  const count = rows.length;
  const mean = gains / count;
  const error1 = Math.sqrt(Math.max(0, squares / count - mean * mean) / count);
  return { first, second, accuracy: accuracy / count, cost: cost / count, gainBound: mean - confidence * error1 };
}
