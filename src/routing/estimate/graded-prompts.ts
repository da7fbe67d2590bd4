import type { PromptFeatures } from '../features/prompt-features.ts';
import { hash32 } from '../hash.ts';

/** A prompt with the scores that models got on it. */
export interface GradedPrompt {
  readonly id: string;
  readonly job: string;
  readonly features: PromptFeatures;
  /** Orders prompts the same way whatever order they came in; also gives the fold. */
  readonly rank: number;
  /** Per model number, NaN where not graded. */
  scores: Float32Array;
  /** Output tokens per model number, NaN where not known. */
  outputs: Float32Array;
  graded: number;
}

/** How far a bound may be passed before the surplus is removed at once. */
const slack = 1.25;

/**
 * Prompts kept for learning about single prompts, at most so many per job and in all. What is kept does not depend on
 * the order of arrival: the prompts of lowest rank stay.
 */
export class GradedPrompts {
  readonly #jobs = new Map<string, Map<string, GradedPrompt>>();
  readonly #mostPerJob: number;
  readonly #most: number;
  #size = 0;

  constructor(most: { perJob: number; inAll: number }) {
    this.#mostPerJob = most.perJob;
    this.#most = most.inAll;
  }

  get size(): number {
    return this.#size;
  }

  /** Notes a score, or takes it back with NaN. */
  note(of: {
    job: string;
    id: string;
    features: PromptFeatures | undefined;
    model: number;
    score: number;
    outputTokens: number | undefined;
  }): void {
    const kept = this.#jobs.get(of.job)?.get(of.id) ?? this.#add(of);
    if (!kept) return;
    if (kept.scores.length <= of.model) widen(kept, of.model + 8);
    const was = kept.scores[of.model] ?? Number.NaN;
    kept.graded += (Number.isNaN(of.score) ? 0 : 1) - (Number.isNaN(was) ? 0 : 1);
    kept.scores[of.model] = of.score;
    kept.outputs[of.model] = Number.isNaN(of.score) ? Number.NaN : (of.outputTokens ?? Number.NaN);
    if (kept.graded === 0) this.#remove(kept);
  }

  /** Kept prompts of a job in an order that does not depend on arrival. */
  ofJob(job: string): GradedPrompt[] {
    const known = this.#jobs.get(job);
    if (!known) return [];
    const ranked = [...known.values()].sort((left, right) => left.rank - right.rank || (left.id < right.id ? -1 : 1));
    return ranked.slice(0, this.#mostPerJob);
  }

  /** Jobs with graded prompts, in alphabetical order. */
  jobs(): string[] {
    return [...this.#jobs.keys()].sort();
  }

  #add({
    job,
    id,
    features,
  }: {
    job: string;
    id: string;
    features: PromptFeatures | undefined;
  }): GradedPrompt | undefined {
    if (!features) return undefined;
    const known = this.#jobs.get(job) ?? new Map<string, GradedPrompt>();
    const rank = hash32(`${job}\u0000${id}`);
    const fresh = { id, job, features, rank, scores: new Float32Array(), outputs: new Float32Array(), graded: 0 };
    known.set(id, fresh);
    this.#jobs.set(job, known);
    this.#size++;
    if (known.size > this.#mostPerJob * slack) this.#trim(known, this.#mostPerJob);
    else if (this.#size > this.#most * slack) this.#trimLargest();
    return known.get(id);
  }

  /** Removes the prompts of highest rank; with slack, since finding them costs a sort. */
  #trim(known: Map<string, GradedPrompt>, keep: number): void {
    const ranked = [...known.values()].sort((left, right) => left.rank - right.rank);
    for (const prompt of ranked.slice(keep)) this.#remove(prompt);
  }

  #trimLargest(): void {
    let largest: Map<string, GradedPrompt> | undefined;
    for (const known of this.#jobs.values()) if (!largest || known.size > largest.size) largest = known;
    if (largest) this.#trim(largest, Math.floor(largest.size / slack));
  }

  #remove(prompt: GradedPrompt): void {
    const known = this.#jobs.get(prompt.job);
    if (known?.delete(prompt.id) === true) this.#size--;
    if (known?.size === 0) this.#jobs.delete(prompt.job);
  }
}

function widen(kept: GradedPrompt, size: number): void {
  const scores = new Float32Array(size).fill(Number.NaN);
  const outputs = new Float32Array(size).fill(Number.NaN);
  scores.set(kept.scores);
  outputs.set(kept.outputs);
  kept.scores = scores;
  kept.outputs = outputs;
}
