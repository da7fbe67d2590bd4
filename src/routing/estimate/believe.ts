import type { Discount, Sums, Tally } from '../evidence/tally.ts';
import { jobStrengths } from './job-strengths.ts';

/** What is believed of a model before any outcome. */
export interface Prior {
  readonly mean: number;
  /** In graded answers. */
  readonly weight: number;
}

/** How strongly levels hold on to the one above, in graded answers. */
export interface Shrinkage {
  readonly defaultPrior: Prior;
  /** How much a job's means are pulled to the global ones. */
  readonly job: number;
  /** How much a job's difficulty is pulled to none. */
  readonly difficulty: number;
}

/** Sums per job and model, and the prior per model. */
export interface Evidence {
  readonly jobs: ReadonlyMap<string, readonly (Tally | undefined)[]>;
  readonly priors: readonly (Prior | undefined)[];
  readonly discountOf: (model: number) => Discount;
}

/** Means and their evidence at one level. */
interface Level {
  readonly quality: Float64Array;
  readonly evidence: Float64Array;
  readonly errors: Float64Array;
}

/** The levels above the prompt. */
export interface Chain {
  readonly global: Level;
  readonly jobs: ReadonlyMap<string, Level>;
  /** Sums per job, one per model. */
  readonly sums: ReadonlyMap<string, readonly Sums[]>;
}

const nothing: Sums = { weight: 0, sum: 0, squares: 0 };
const passes = 4;

/**
 * Prior, global and job level. Jobs differ in difficulty and models see different mixes of jobs, so the global level
 * is fitted together with one offset per job; with complete grades it is the plain mean.
 */
export function believe(evidence: Evidence, shrinkage: Shrinkage): Chain {
  const count = evidence.priors.length;
  const discounts = evidence.priors.map((_, model) => evidence.discountOf(model));
  const sums = new Map<string, readonly Sums[]>();
  // In an order of their own: sums of fractions depend on it, and outcomes arrive in any.
  for (const [job, tallies] of [...evidence.jobs].sort(([left], [right]) => (left < right ? -1 : 1))) {
    const known = discounts.map((discount, model) => tallies[model]?.sums(discount) ?? nothing);
    if (known.some(({ weight }) => weight > 0)) sums.set(job, known);
  }
  const offsets = new Map<string, number>();
  let quality = new Float64Array(count);
  for (let pass = 0; pass < passes; pass++) {
    quality = globalMeans({ sums, offsets, priors: evidence.priors, shrinkage });
    for (const [job, known] of sums) offsets.set(job, offsetOf(known, quality, shrinkage.difficulty));
    recentre(offsets, sums);
  }
  const weights = new Float64Array(count);
  for (const known of sums.values())
    known.forEach(({ weight }, model) => (weights[model] = (weights[model] ?? 0) + weight));
  const priorWeights = evidence.priors.map((prior) => (prior ?? shrinkage.defaultPrior).weight);
  const errors = quality.map((mean, model) => standardError(mean, (weights[model] ?? 0) + (priorWeights[model] ?? 0)));
  const jobs = new Map<string, Level>();
  const strengths = jobStrengths({ sums, offsets, quality, usual: shrinkage.job });
  for (const [job, known] of sums)
    jobs.set(job, jobLevel(known, quality, { offset: offsets.get(job) ?? 0, strengths }));
  return { global: { quality, evidence: weights, errors }, jobs, sums };
}

function globalMeans(of: {
  sums: ReadonlyMap<string, readonly Sums[]>;
  offsets: ReadonlyMap<string, number>;
  priors: Evidence['priors'];
  shrinkage: Shrinkage;
}): Float64Array<ArrayBuffer> {
  const { sums, offsets, priors, shrinkage } = of;
  return Float64Array.from(priors, (given, model) => {
    const prior = given ?? shrinkage.defaultPrior;
    let weight = prior.weight;
    let sum = prior.weight * prior.mean;
    for (const [job, known] of sums) {
      const one = known[model] ?? nothing;
      weight += one.weight;
      sum += one.sum - one.weight * (offsets.get(job) ?? 0);
    }
    return weight > 0 ? sum / weight : prior.mean;
  });
}

function offsetOf(known: readonly Sums[], quality: Float64Array, strength: number): number {
  let weight = strength;
  let sum = 0;
  known.forEach((one, model) => {
    weight += one.weight;
    sum += one.sum - one.weight * (quality[model] ?? 0);
  });
  return weight > 0 ? sum / weight : 0;
}

/** The global level is that of the average request, so offsets average to none over the evidence. */
function recentre(offsets: Map<string, number>, sums: ReadonlyMap<string, readonly Sums[]>): void {
  let total = 0;
  let sum = 0;
  for (const [job, known] of sums) {
    const weight = known.reduce((all, one) => all + one.weight, 0);
    total += weight;
    sum += weight * (offsets.get(job) ?? 0);
  }
  if (total > 0) for (const [job, offset] of offsets) offsets.set(job, offset - sum / total);
}

function jobLevel(
  known: readonly Sums[],
  above: Float64Array,
  { offset, strengths }: { offset: number; strengths: Float64Array },
): Level {
  const quality = above.map((mean, model) => {
    const one = known[model] ?? nothing;
    const strength = strengths[model] ?? 1;
    return (strength * (mean + offset) + one.sum) / (strength + one.weight);
  });
  const evidence = Float64Array.from(known, ({ weight }) => weight);
  return {
    quality,
    evidence,
    errors: quality.map((mean, model) => standardError(mean, (evidence[model] ?? 0) + (strengths[model] ?? 1))),
  };
}

/** Of a mean of scores in [0, 1]; the variance is that of pass or fail, its bound. */
export function standardError(mean: number, weight: number): number {
  const inside = Math.min(0.98, Math.max(0.02, mean));
  return Math.sqrt((inside * (1 - inside)) / Math.max(1e-9, weight));
}

/** Place of the largest value; the first of equals. */
export function argmax(values: Float64Array): number {
  let best = 0;
  for (let at = 1; at < values.length; at++) if ((values[at] ?? 0) > (values[best] ?? 0)) best = at;
  return best;
}
