import type { PromptFeatures } from '../features/prompt-features.ts';
import { Tally } from '../evidence/tally.ts';
import { argmax, believe, type Chain, type Prior, type Shrinkage, standardError } from './believe.ts';
import { type FitInput, fitPrompts } from './fit-prompts.ts';
import { type GradedPrompt, GradedPrompts } from './graded-prompts.ts';
import type { CallBelief, JobBelief, PromptFit, RoutingState } from './routing-state.ts';

/** Constants of learning; one set for all jobs and tenants. */
export interface LearnerOptions {
  readonly shrinkage: Shrinkage;
  /** After this time an outcome counts half; infinite for none. */
  readonly halfLifeMs: number;
  readonly promptsPerJob: number;
  readonly promptsInAll: number;
  readonly mostOutcomes: number;
}

/** Shipped constants, found by cross-validation over all sets at once. */
export const learnerDefaults: LearnerOptions = {
  shrinkage: { defaultPrior: { mean: 0.6, weight: 4 }, job: 8, difficulty: 4 },
  halfLifeMs: 14 * 86_400_000,
  promptsPerJob: 10_000,
  promptsInAll: 20_000,
  mostOutcomes: 200_000,
};

/** One graded answer. */
export interface LearnedOutcome {
  /** Idempotency key: a second outcome of the same id is ignored. */
  readonly id: string;
  readonly job: string;
  readonly model: string;
  /** In [0, 1]. */
  readonly score: number;
  /** Reliability in (0, 1]. */
  readonly weight: number;
  readonly atMs: number;
  /** Together they let the outcome teach about single prompts; answers of several models to one prompt share its id. */
  readonly promptId?: string;
  readonly features?: PromptFeatures;
  readonly outputTokens?: number;
  readonly latencyMs?: number;
}

/** One answer whose worth need not be known. */
export interface AnsweredCall {
  readonly job: string;
  readonly model: string;
  readonly outputTokens?: number | undefined;
  readonly latencyMs?: number | undefined;
}

interface Kept {
  readonly outcome: LearnedOutcome;
  readonly model: number;
  readonly epoch: number;
}

interface CallSums {
  count: number;
  tokens: number;
  timed: number;
  latencyMs: number;
}

const epochsPerHalfLife = 4;
/** On an alarm older evidence about the model counts a tenth. */
const alarmFactor = 0.1;
/** Generations are kept apart inside the epoch number. */
const generations = 64;

/** Learns from outcomes; a projection of the journal: the same outcomes in any order give the same state. */
export class RoutingLearner {
  readonly #options: LearnerOptions;
  readonly #models: string[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #priors: (Prior | undefined)[] = [];
  readonly #generations: number[] = [];
  readonly #expectedOutputs: (number | undefined)[] = [];
  readonly #jobs = new Map<string, Tally[]>();
  readonly #calls = new Map<string, CallSums[]>();
  readonly #outcomes = new Map<string, Kept>();
  readonly #prompts: GradedPrompts;
  #fit: PromptFit | undefined;
  #fits = 0;
  #changes = 0;

  constructor(options: LearnerOptions = learnerDefaults) {
    this.#options = options;
    this.#prompts = new GradedPrompts({ perJob: options.promptsPerJob, inAll: options.promptsInAll });
  }

  /** Makes a model known, with what public scores say about it. */
  addModel(model: string, prior?: Prior): void {
    const number = this.#numberOf(model);
    this.#priors[number] = prior;
    this.#changes++;
  }

  /** Says how long answers of a model are before any was seen. */
  expectOutput(model: string, outputTokens: number): void {
    this.#expectedOutputs[this.#numberOf(model)] = outputTokens;
    this.#changes++;
  }

  /** Notes length and time of an answer, graded or not: they teach what calls cost, never how good they are. */
  noteCall({ job, model, outputTokens, latencyMs }: AnsweredCall): void {
    this.#countCall({ job, outputTokens, latencyMs }, this.#numberOf(model), 1);
    this.#changes++;
  }

  /** Whether a model is known. */
  knows(model: string): boolean {
    return this.#numbers.has(model);
  }

  get modelCount(): number {
    return this.#models.length;
  }

  /** What is held in memory; both are bounded by the options. */
  get size(): { readonly prompts: number; readonly outcomes: number } {
    return { prompts: this.#prompts.size, outcomes: this.#outcomes.size };
  }

  /** Learns one outcome; false if its id is known or it is not a usable score. */
  learn(outcome: LearnedOutcome): boolean {
    const { id, score, weight } = outcome;
    if (this.#outcomes.has(id) || !(score >= 0 && score <= 1) || !(weight > 0 && weight <= 1)) return false;
    const model = this.#numberOf(outcome.model);
    const epoch = this.#epochAt(outcome.atMs) * generations + ((this.#generations[model] ?? 0) % generations);
    this.#count({ outcome, model, epoch }, 1);
    this.#outcomes.set(id, { outcome: withoutPrompt(outcome), model, epoch });
    if (this.#outcomes.size > this.#options.mostOutcomes) this.#forgetOldest();
    return true;
  }

  /** Takes an outcome back as if it had never been; false if it is not known. */
  retract(id: string): boolean {
    const kept = this.#outcomes.get(id);
    if (!kept) return false;
    this.#outcomes.delete(id);
    this.#count(kept, -1);
    return true;
  }

  /** A change of the model was noticed: what was known about it counts a tenth from now on. */
  alarm(model: string): void {
    const number = this.#numberOf(model);
    this.#generations[number] = (this.#generations[number] ?? 0) + 1;
    this.#changes++;
  }

  /** Learns about single prompts anew; slow, so that a running product fits in a thread and adopts what comes back. */
  refit(): void {
    this.adoptFit(fitPrompts(this.fitInput()));
  }

  /** All that learning about single prompts works on. */
  fitInput(): FitInput {
    return {
      version: this.#fits + 1,
      jobs: this.#prompts.jobs().map((job) => ({ job, prompts: this.#prompts.ofJob(job) })),
      modelCount: this.#models.length,
      shrinkage: this.#options.shrinkage,
    };
  }

  /** Scores on prompts of a job that all of the models were graded on, in the order of the models. */
  gradedBy(job: string, models: readonly string[]): readonly Float64Array[] {
    const numbers = models.map((model) => this.#models.indexOf(model));
    return this.#prompts.ofJob(job).flatMap(({ scores }) => {
      const row = Float64Array.from(numbers, (number) => scores[number] ?? Number.NaN);
      return row.some(Number.isNaN) ? [] : [row];
    });
  }

  /** Takes what a fit found. */
  adoptFit(fit: PromptFit | undefined): void {
    this.#fits++;
    this.#fit = fit;
  }

  /** What is believed now; decisions read it while learning goes on. */
  snapshot(nowMs: number): RoutingState {
    const chain = believe(
      { jobs: this.#jobs, priors: this.#priors, discountOf: (model) => this.#discountOf(model, nowMs) },
      this.#options.shrinkage,
    );
    const reference = argmax(chain.global.quality);
    const jobs = new Map<string, JobBelief>();
    for (const [job, level] of chain.jobs) {
      const prompts = this.#prompts.ofJob(job);
      jobs.set(job, {
        job,
        ...level,
        gapErrors: this.#gaps(chain, { job, prompts, reference }),
        reference,
        graded: prompts.length,
      });
    }
    const gapErrors = chain.global.errors.map((error) => Math.hypot(error, chain.global.errors[reference] ?? 0));
    const { calls, unknownCalls } = this.#callBeliefs();
    return {
      id: `${this.#changes.toString(36)}.${this.#fits.toString(36)}.${this.#epochAt(nowMs).toString(36)}`,
      models: [...this.#models],
      modelNumbers: new Map(this.#numbers),
      unknownJob: { job: '', ...chain.global, gapErrors, reference, graded: 0 },
      jobs,
      unknownCalls,
      calls,
      fit: this.#fit,
    };
  }

  #numberOf(model: string): number {
    const known = this.#numbers.get(model);
    if (known !== undefined) return known;
    const number = this.#models.length;
    this.#models.push(model);
    this.#numbers.set(model, number);
    this.#priors.push(undefined);
    this.#generations.push(0);
    return number;
  }

  #count({ outcome, model, epoch }: Kept, sign: 1 | -1): void {
    const { job, score, weight, promptId, features } = outcome;
    const tallies = this.#jobs.get(job) ?? [];
    this.#jobs.set(job, tallies);
    while (tallies.length <= model) tallies.push(new Tally());
    tallies[model]?.note(score, weight, { epoch, sign });
    if (tallies.every((tally) => tally.isEmpty)) this.#jobs.delete(job);
    this.#countCall(outcome, model, sign);
    if (promptId !== undefined && (features !== undefined || sign === -1)) {
      const { outputTokens } = outcome;
      const noted = sign === 1 ? score : Number.NaN;
      this.#prompts.note({ job, id: promptId, features, model, score: noted, outputTokens });
    }
    this.#changes++;
  }

  #countCall({ job, outputTokens, latencyMs }: Omit<AnsweredCall, 'model'>, model: number, sign: 1 | -1): void {
    if (outputTokens === undefined && latencyMs === undefined) return;
    const sums = this.#calls.get(job) ?? [];
    this.#calls.set(job, sums);
    while (sums.length <= model) sums.push({ count: 0, tokens: 0, timed: 0, latencyMs: 0 });
    const sum = sums[model];
    if (!sum) return;
    if (outputTokens !== undefined) {
      sum.count += sign;
      sum.tokens += sign * Math.round(outputTokens * 1000);
    }
    if (latencyMs === undefined) return;
    sum.timed += sign;
    sum.latencyMs += sign * Math.round(latencyMs);
  }

  #epochAt(atMs: number): number {
    const { halfLifeMs } = this.#options;
    return Number.isFinite(halfLifeMs) ? Math.floor((atMs / halfLifeMs) * epochsPerHalfLife) : 0;
  }

  #discountOf(model: number, nowMs: number): (epoch: number) => number {
    const now = this.#epochAt(nowMs);
    const generation = (this.#generations[model] ?? 0) % generations;
    return (epoch) => {
      const age = Math.max(0, now - Math.floor(epoch / generations)) / epochsPerHalfLife;
      return 0.5 ** age * alarmFactor ** Math.max(0, generation - (epoch % generations));
    };
  }

  #forgetOldest(): void {
    const [oldest] = this.#outcomes.keys();
    if (oldest !== undefined) this.#outcomes.delete(oldest);
  }

  #gaps(chain: Chain, of: { job: string; prompts: readonly GradedPrompt[]; reference: number }): Float64Array {
    const level = chain.jobs.get(of.job) ?? chain.global;
    const { job: strength } = this.#options.shrinkage;
    return level.quality.map((mean, model) => {
      if (model === of.reference) return 0;
      const paired = pairedError(of.prompts, model, of.reference);
      if (paired !== undefined) return paired;
      const own = standardError(mean, (level.evidence[model] ?? 0) + strength);
      return Math.hypot(
        own,
        standardError(level.quality[of.reference] ?? 0, (level.evidence[of.reference] ?? 0) + strength),
      );
    });
  }

  #callBeliefs(): { calls: Map<string, CallBelief>; unknownCalls: CallBelief } {
    const count = this.#models.length;
    const total = Array.from({ length: count }, () => ({ count: 0, tokens: 0, timed: 0, latencyMs: 0 }));
    for (const sums of this.#calls.values()) sums.forEach((sum, model) => addCall(total[model], sum));
    const all = total.reduce((sum, one) => addCall(sum, one), { count: 0, tokens: 0, timed: 0, latencyMs: 0 });
    const overall = {
      tokens: meanOf(all.tokens / 1000, all.count, 300),
      latencyMs: meanOf(all.latencyMs, all.timed, 2000),
    };
    const shrunk = (sum: CallSums | undefined, above: { tokens: number; latencyMs: number }, strength: number) => ({
      tokens: ((sum?.tokens ?? 0) / 1000 + strength * above.tokens) / ((sum?.count ?? 0) + strength),
      latencyMs: ((sum?.latencyMs ?? 0) + strength * above.latencyMs) / ((sum?.timed ?? 0) + strength),
    });
    const models = total.map((sum, model) => {
      const tokens = this.#expectedOutputs[model];
      return tokens === undefined ? shrunk(sum, overall, 1) : shrunk(sum, { ...overall, tokens }, 4);
    });
    const calls = new Map<string, CallBelief>();
    for (const [job, sums] of this.#calls)
      calls.set(job, asBelief(models.map((above, model) => shrunk(sums[model], above, 4))));
    return { calls, unknownCalls: asBelief(models) };
  }
}

/** Sample size from which the paired spread is used instead of the one of independent means. */
const minPairs = 10;

function pairedError(prompts: readonly GradedPrompt[], model: number, reference: number): number | undefined {
  let count = 0;
  let sum = 0;
  let squares = 0;
  for (const { scores } of prompts) {
    const gap = (scores[model] ?? Number.NaN) - (scores[reference] ?? Number.NaN);
    if (Number.isNaN(gap)) continue;
    count++;
    sum += gap;
    squares += gap * gap;
  }
  if (count < minPairs) return undefined;
  // One disagreement is added: identical answers so far do not prove that they always agree.
  const average = sum / count;
  return Math.sqrt((squares + 1) / (count + 1) - average * average) / Math.sqrt(count);
}

function withoutPrompt(outcome: LearnedOutcome): LearnedOutcome {
  const { features: _, ...rest } = outcome;
  return rest;
}

function addCall(into: CallSums | undefined, from: CallSums): CallSums {
  if (!into) return from;
  into.count += from.count;
  into.tokens += from.tokens;
  into.timed += from.timed;
  into.latencyMs += from.latencyMs;
  return into;
}

function meanOf(sum: number, count: number, otherwise: number): number {
  return count > 0 ? sum / count : otherwise;
}

function asBelief(values: readonly { tokens: number; latencyMs: number }[]): CallBelief {
  return {
    outputTokens: Float64Array.from(values, ({ tokens }) => tokens),
    latencyMs: Float64Array.from(values, ({ latencyMs }) => latencyMs),
  };
}
