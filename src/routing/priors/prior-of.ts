import { publicScores } from '../../catalog/index.ts';
import type { Prior } from '../estimate/believe.ts';
import { learnerDefaults } from '../estimate/routing-learner.ts';

/** What is known of a model before any outcome. */
export interface KnownModel {
  readonly model: string;
  /** Names it has at its hosts. */
  readonly upstreamModels: readonly string[];
  /** Nano-USD of an output token at its cheapest host; undefined: unknown. */
  readonly outputNanos: number | undefined;
}

/** The middle of the published scores stands where models without any stand. */
const middleScore = 0.84;
/** A point on a public test says less than a point on the work itself. */
const scoreSlope = 0.6;
const scoreWeight = 6;
/** Ten times the price promises so much more success, where nothing else is known. */
const priceSlope = 0.02;
/** $1 per million output tokens. */
const middlePriceNanos = 1000;
const mostByPrice = 0.05;

/**
 * Prior of a model: published scores of its family, else its price. A few pseudo-observations, so that the first
 * outcomes outweigh them.
 */
export function priorOf(known: KnownModel): Prior {
  const { defaultPrior } = learnerDefaults.shrinkage;
  const score = scoreOf(known);
  if (score !== undefined) {
    return { mean: clamp(defaultPrior.mean + scoreSlope * (score - middleScore)), weight: scoreWeight };
  }
  const { outputNanos } = known;
  if (outputNanos === undefined || outputNanos <= 0) return defaultPrior;
  const byPrice = priceSlope * Math.log10(outputNanos / middlePriceNanos);
  const bounded = Math.min(mostByPrice, Math.max(-mostByPrice, byPrice));
  return { mean: defaultPrior.mean + bounded, weight: defaultPrior.weight };
}

/** Of the longest family that a name of the model begins with. */
function scoreOf({ model, upstreamModels }: KnownModel): number | undefined {
  let found: { length: number; mmlu: number } | undefined;
  for (const name of [model, ...upstreamModels]) {
    const plain = name.toLowerCase().slice(name.lastIndexOf('/') + 1);
    for (const { family, mmlu } of publicScores) {
      const rest = plain.slice(family.length);
      // `gpt-4` is not the family of `gpt-4.5`, nor `gpt-4o` that of another word.
      if (!plain.startsWith(family) || /^[a-z0-9.]/.test(rest)) continue;
      if (!found || family.length > found.length) found = { length: family.length, mmlu };
    }
  }
  return found?.mmlu;
}

function clamp(mean: number): number {
  return Math.min(0.95, Math.max(0.05, mean));
}
