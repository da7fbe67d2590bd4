import { createHash } from 'node:crypto';
import type { Shrinkage } from './believe.ts';
import { fitOutputs } from './fit-outputs.ts';
import { fitResidual, foldCount, type GradedRow } from './fit-residual.ts';
import type { GradedPrompt } from './graded-prompts.ts';
import { NeighbourIndex } from './neighbour-index.ts';
import { OutputModel, type OutputParts } from './output-model.ts';
import { ResidualModel, type ResidualParts } from './residual-model.ts';
import type { PromptFit } from './routing-state.ts';
import { TermWeights } from './term-weights.ts';

/** Graded prompts searched for neighbours, per job: bounds the time of a decision. */
const indexedPerJob = 1200;

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
export function assembleFit({ version, jobs: given }: FitInput, parts: FitParts): PromptFit {
  const terms = new TermWeights(given.flatMap(({ prompts }) => prompts.map(({ features }) => features)));
  const jobs = new Map<string, { number: number; index: NeighbourIndex }>();
  given.forEach(({ job, prompts }, number) => {
    const vectors = prompts.slice(0, indexedPerJob).map(({ features }) => terms.vector(features));
    jobs.set(job, { number, index: new NeighbourIndex(vectors) });
  });
  return {
    version,
    digest: parts.digest,
    terms,
    jobs,
    residual: parts.residual && new ResidualModel(parts.residual),
    outputs: parts.outputs && new OutputModel(parts.outputs),
  };
}

/** Learns from single prompts: which terms tell, which prompts are near, what differs from the job's mean. */
export function fitPrompts(input: FitInput): PromptFit | undefined {
  const all = input.jobs.flatMap(({ prompts }) => prompts);
  if (all.length === 0) return undefined;
  const terms = new TermWeights(all.map(({ features }) => features));
  const jobs = new Map<string, { number: number; index: NeighbourIndex }>();
  const means = foldMeans(input);
  const rows: GradedRow[] = [];
  input.jobs.forEach(({ job, prompts }, number) => {
    const vectors = prompts.map(({ features }) => terms.vector(features));
    jobs.set(job, { number, index: new NeighbourIndex(vectors.slice(0, indexedPerJob)) });
    prompts.forEach((prompt, at) => {
      const fold = prompt.rank % foldCount;
      const expected = means(number, fold);
      rows.push({
        job: number,
        indexRow: at < indexedPerJob ? at : -1,
        fold,
        features: prompt.features,
        vector: vectors[at] ?? { buckets: new Int32Array(), values: new Float32Array() },
        residuals: Float64Array.from(expected, (mean, model) => (prompt.scores[model] ?? Number.NaN) - mean),
      });
    });
  });
  const indexes = [...jobs.values()].map(({ index }) => index);
  const graded = all.reduce((sum, prompt) => sum + prompt.graded, 0);
  // Answers of one model per prompt say how hard a prompt is, not which model to take.
  const isCompared = graded > 1.5 * all.length;
  const shape = { rows, jobCount: input.jobs.length, modelCount: input.modelCount, indexes };
  return {
    version: input.version,
    digest: digestOf(all),
    terms,
    jobs,
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
  const cache = new Map<number, Float64Array>();
  const compute = (job: number, fold: number): Float64Array =>
    Float64Array.from({ length: modelCount }, (_, model) => {
      let sum = 0;
      let count = 0;
      sums.forEach((values, other) => {
        sum += without(values, fold, model);
        count += without(counts[other], fold, model);
      });
      const above = count > 0 ? sum / count : shrinkage.defaultPrior.mean;
      const own = without(sums[job], fold, model);
      return (own + shrinkage.job * above) / (without(counts[job], fold, model) + shrinkage.job);
    });
  return (job, fold) => {
    const key = job * foldCount + fold;
    const known = cache.get(key) ?? compute(job, fold);
    cache.set(key, known);
    return known;
  };
}
