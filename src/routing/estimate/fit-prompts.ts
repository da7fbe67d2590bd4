import { createHash } from 'node:crypto';
import type { Shrinkage } from './believe.ts';
import { fitOutputs } from './fit-outputs.ts';
import { fitResidual } from './fit-residual.ts';
import { foldCount, type GradedRow } from './graded-rows.ts';
import type { GradedPrompt } from './graded-prompts.ts';
import { jobStrengths } from './job-strengths.ts';
import { NeighbourIndex } from './neighbour-index.ts';
import { OutputModel, type OutputParts } from './output-model.ts';
import { ResidualModel, type ResidualParts } from './residual-model.ts';
import type { PromptFit } from './routing-state.ts';
import { TermWeights } from './term-weights.ts';

/** Graded prompts searched for neighbours: bounds the time of a decision. */
const mostIndexed = 3000;

/** All graded prompts, by job. */
export interface FitInput {
  readonly version: number;
  readonly jobs: readonly { readonly job: string; readonly prompts: readonly GradedPrompt[] }[];
  readonly modelCount: number;
  readonly shrinkage: Shrinkage;
}

/** What a fit found, in plain arrays. */
export interface FitParts {
  readonly digest: string;
  readonly residual: ResidualParts | undefined;
  readonly outputs: OutputParts | undefined;
}

/** The slow half of a fit, made where it disturbs nobody. */
export function fitParts(input: FitInput): FitParts | undefined {
  const fit = fitPrompts(input);
  return fit && { digest: fit.digest, residual: fit.residual?.parts, outputs: fit.outputs?.parts };
}

/** The quick half: what parts need around them to be used. The input is that of the parts. */
export function assembleFit(input: FitInput, parts: FitParts): PromptFit {
  const { version, jobs } = input;
  const terms = new TermWeights(jobs.flatMap(({ prompts }) => prompts.map(({ features }) => features)));
  const indexed = indexedPrompts(input);
  return {
    version,
    digest: parts.digest,
    terms,
    jobs: new Map(jobs.map(({ job }, number) => [job, number])),
    index: new NeighbourIndex(indexed.map(({ features }) => terms.vector(features))),
    residual: parts.residual && new ResidualModel(parts.residual),
    outputs: parts.outputs && new OutputModel(parts.outputs),
  };
}

/** Those of lowest rank, whatever their job: which they are does not depend on the order of arrival. */
function indexedPrompts({ jobs }: FitInput): readonly GradedPrompt[] {
  const all = jobs.flatMap(({ prompts }) => prompts);
  return all.toSorted((left, right) => left.rank - right.rank || compare(left, right)).slice(0, mostIndexed);
}

function compare(left: GradedPrompt, right: GradedPrompt): number {
  const [one, other] = [`${left.job}\u0000${left.id}`, `${right.job}\u0000${right.id}`];
  return one < other ? -1 : Number(one > other);
}

/** Learns from single prompts: which terms tell, which prompts are near, what differs from the mean of all work. */
export function fitPrompts(input: FitInput): PromptFit | undefined {
  const all = input.jobs.flatMap(({ prompts }) => prompts);
  if (all.length === 0) return undefined;
  const terms = new TermWeights(all.map(({ features }) => features));
  const means = foldMeans(input);
  const indexed = indexedPrompts(input);
  const places = new Map(indexed.map((prompt, at) => [prompt, at]));
  const rows = input.jobs.flatMap(({ prompts }, number) =>
    prompts.map((prompt): GradedRow => {
      const fold = prompt.rank % foldCount;
      return {
        job: number,
        indexRow: places.get(prompt) ?? -1,
        fold,
        features: prompt.features,
        vector: terms.vector(prompt.features),
        scores: prompt.scores,
        expected: means(number, fold),
      };
    }),
  );
  const index = new NeighbourIndex(indexed.map(({ features }) => terms.vector(features)));
  const graded = all.reduce((sum, prompt) => sum + prompt.graded, 0);
  // Answers of one model per prompt say how hard a prompt is, not which model to take.
  const isCompared = graded > 1.5 * all.length;
  const shape = { rows, jobCount: input.jobs.length, modelCount: input.modelCount, index };
  return {
    version: input.version,
    digest: digestOf(all),
    terms,
    jobs: new Map(input.jobs.map(({ job }, number) => [job, number])),
    index,
    residual: isCompared ? fitResidual(shape) : undefined,
    outputs: fitOutputs(all, rows),
  };
}

/** Tells fits apart by what they were made from. */
function digestOf(prompts: readonly GradedPrompt[]): string {
  const hash = createHash('sha256');
  for (const { job, id, scores } of prompts) hash.update(`${job}\u0000${id}\u0000${scores.join()}\n`);
  return hash.digest('base64url').slice(0, 12);
}

/** Means per job and model without one fold, so that what a prompt taught is not held against itself. */
function foldMeans({ jobs, modelCount, shrinkage }: FitInput): (job: number, fold: number) => Float64Array {
  const width = modelCount * foldCount;
  const sums = jobs.map(() => new Float64Array(width));
  const counts = jobs.map(() => new Float64Array(width));
  jobs.forEach(({ prompts }, job) => {
    for (const { scores, rank } of prompts) {
      for (let model = 0; model < modelCount; model++) {
        const score = scores[model] ?? Number.NaN;
        if (Number.isNaN(score)) continue;
        const at = (rank % foldCount) * modelCount + model;
        const sum = sums[job];
        const count = counts[job];
        if (sum) sum[at] = (sum[at] ?? 0) + score;
        if (count) count[at] = (count[at] ?? 0) + 1;
      }
    }
  });
  const without = (values: Float64Array | undefined, fold: number, model: number): number => {
    let total = 0;
    for (let other = 0; other < foldCount; other++)
      if (other !== fold) total += values?.[other * modelCount + model] ?? 0;
    return total;
  };
  const strengths = strengthsOf({ sums, counts, modelCount, shrinkage });
  const cache = new Map<number, Float64Array>();
  const compute = (job: number, fold: number): Float64Array => {
    const global = Float64Array.from({ length: modelCount }, (_, model) => {
      let sum = 0;
      let count = 0;
      sums.forEach((values, other) => {
        sum += without(values, fold, model);
        count += without(counts[other], fold, model);
      });
      return count > 0 ? sum / count : shrinkage.defaultPrior.mean;
    });
    const gaps = global.map(
      (mean, model) => without(sums[job], fold, model) - without(counts[job], fold, model) * mean,
    );
    const graded = global.reduce((all, _, model) => all + without(counts[job], fold, model), shrinkage.difficulty);
    const offset = gaps.reduce((all, gap) => all + gap, 0) / graded;
    const own = global.map((mean, model) => {
      const strength = strengths[model] ?? shrinkage.job;
      const count = without(counts[job], fold, model);
      return (without(sums[job], fold, model) + strength * (mean + offset)) / (count + strength);
    });
    return own;
  };
  return (job, fold) => {
    const key = job * foldCount + fold;
    const known = cache.get(key) ?? compute(job, fold);
    cache.set(key, known);
    return known;
  };
}

/** How strongly the job's means are pulled to those of all work, by what the graded prompts say about both. */
function strengthsOf(of: {
  sums: readonly Float64Array[];
  counts: readonly Float64Array[];
  modelCount: number;
  shrinkage: Shrinkage;
}): Float64Array {
  const { sums, counts, modelCount, shrinkage } = of;
  const total = (values: Float64Array | undefined, model: number): number => {
    let all = 0;
    for (let fold = 0; fold < foldCount; fold++) all += values?.[fold * modelCount + model] ?? 0;
    return all;
  };
  const models = Array.from({ length: modelCount }, (_, model) => model);
  const known = new Map(
    sums.map((values, job) => [
      `${job}`,
      models.map((model) => {
        const sum = total(values, model);
        // Scores are taken for passes and failures, whose squares are themselves.
        return { weight: total(counts[job], model), sum, squares: sum };
      }),
    ]),
  );
  const quality = Float64Array.from(models, (model) => {
    let sum = 0;
    let weight = 0;
    for (const one of known.values()) {
      sum += one[model]?.sum ?? 0;
      weight += one[model]?.weight ?? 0;
    }
    return weight > 0 ? sum / weight : shrinkage.defaultPrior.mean;
  });
  const offsets = new Map<string, number>();
  for (const [job, ofJob] of known) {
    let weight = shrinkage.difficulty;
    let gap = 0;
    ofJob.forEach((one, model) => {
      weight += one.weight;
      gap += one.sum - one.weight * (quality[model] ?? 0);
    });
    offsets.set(job, gap / weight);
  }
  return jobStrengths({ sums: known, offsets, quality, usual: shrinkage.job });
}
