import { type ChainEvidence, chainMargin, chooseChain } from './choose-chain.ts';

/** A model that may stand in a chain. */
export interface ChainModel {
  readonly model: string;
  /** Expected success, 0 to 1. */
  readonly quality: number;
  readonly costNanos: number;
}

/** What a chain is expected to come to as a whole. */
export interface ExpectedChain {
  readonly stages: readonly string[];
  readonly success: number;
  readonly costNanos: number;
}

/** What is known when a chain is chosen or valued. */
export interface ChainKnowledge {
  readonly verifierError: number;
  /** Prompts that all the models were graded on: scores in the order of the models. */
  readonly graded: readonly Float64Array[];
}

/** Below so many prompts graded by all, what is expected of the models on average decides. */
const fewestGraded = 20;
const steps = 40;
/**
 * Models fail on the same hard prompts, but not only on these: without graded prompts half of what a model fails at is
 * taken to be common to all.
 */
const common = 0.5;
const mostModels = 8;

/**
 * The pair of models that is worth most as a whole, if it is sure enough not to be worse than the best single one;
 * undefined when none is.
 */
export function chooseExpectedChain(models: readonly ChainModel[], known: ChainKnowledge): ExpectedChain | undefined {
  const kept = frontier(models);
  const chosen = kept.flatMap((at) => models[at] ?? []);
  if (chosen.length < 2) return undefined;
  const graded = known.graded.map((scores) => Float64Array.from(kept, (at) => scores[at] ?? 0));
  const evidence = evidenceOf(chosen, graded);
  const best = bestOf(evidence);
  const { verifierError } = known;
  const chain = chooseChain(evidence, { verifierError, best });
  if (!chain || chain.gainBound < -chainMargin) return undefined;
  const stages = [evidence.models[chain.first] ?? '', evidence.models[chain.second] ?? ''];
  return { stages, success: chain.accuracy, costNanos: chain.cost };
}

/** Success and cost of asking the models one after the other; the last one's answer is taken as it is. */
export function valueExpectedChain(
  models: readonly ChainModel[],
  { verifierError, graded }: ChainKnowledge,
): ExpectedChain {
  const { rows } = evidenceOf(models, graded);
  let success = 0;
  let costNanos = 0;
  for (const { scores } of rows) {
    let reached = 1;
    models.forEach((model, at) => {
      const score = scores[at] ?? 0;
      costNanos += reached * model.costNanos;
      const isLast = at === models.length - 1;
      success += reached * score * (isLast ? 1 : 1 - verifierError);
      reached *= score * verifierError + (1 - score) * (1 - verifierError);
    });
  }
  const stages = models.map(({ model }) => model);
  return { stages, success: success / rows.length, costNanos: costNanos / rows.length };
}

/** Models that are better than every cheaper one, cheapest first: nothing else can be worth a place in a chain. */
function frontier(models: readonly ChainModel[]): number[] {
  const order = models.map((_, at) => at).sort((left, right) => compareCost(models[left], models[right]));
  let best = Number.NEGATIVE_INFINITY;
  const kept = order.filter((at) => {
    const quality = models[at]?.quality ?? 0;
    if (quality <= best) return false;
    best = quality;
    return true;
  });
  return kept.length <= mostModels ? kept : [...kept.slice(0, mostModels - 1), ...kept.slice(-1)];
}

function compareCost(left: ChainModel | undefined, right: ChainModel | undefined): number {
  return (left?.costNanos ?? 0) - (right?.costNanos ?? 0) || (right?.quality ?? 0) - (left?.quality ?? 0);
}

function evidenceOf(models: readonly ChainModel[], graded: readonly Float64Array[]): ChainEvidence {
  const costs = Float64Array.from(models, ({ costNanos }) => costNanos);
  const scores = graded.length >= fewestGraded ? graded : expectedScores(models);
  return { models: models.map(({ model }) => model), rows: scores.map((row) => ({ scores: row, costs })) };
}

/** Prompts from easy to hard: partly each model fails from its own place on, partly anywhere. */
function expectedScores(models: readonly ChainModel[]): readonly Float64Array[] {
  return Array.from({ length: steps }, (_, step) => {
    const hardness = (step + 0.5) / steps;
    return Float64Array.from(models, ({ quality }) => common * share(quality, hardness) + (1 - common) * quality);
  });
}

/** 1 where the model is up to the prompt, 0 where not, and in between at the step where it ends. */
function share(quality: number, hardness: number): number {
  return Math.min(1, Math.max(0, (quality - hardness) * steps + 0.5));
}

function bestOf({ models, rows }: ChainEvidence): number {
  const means = models.map((_, at) => rows.reduce((sum, { scores }) => sum + (scores[at] ?? 0), 0));
  return means.indexOf(Math.max(...means));
}
