import { hash } from 'node:crypto';
import type { Catalog, ResolvedJob } from '../../catalog/index.ts';
import type { RoutingConfig } from '../../config/index.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { Clock } from '../../platform/clock.ts';
import { FeatureReader, featureKindOf, type PromptFeatures, VectorProjection } from '../../routing/index.ts';
import { JobFinder } from './find-job.ts';
import { promptText } from './prompt-text.ts';
import type { Received } from '../received.ts';
import type { ReadRequest } from '../responses/responses-state.ts';

/** Features of a prompt, with what they were made by where that could be more than one thing. */
export interface ReadPrompt extends PromptFeatures {
  readonly by?: string;
}

/** What reading prompts by an embeddings model needs. */
export interface EmbedderDeps {
  readonly settings: NonNullable<RoutingConfig['features']>;
  readonly clock: Clock;
  readonly wheel: { after(delayMs: number, fire: () => void): { cancel(): void } };
  catalog(): Catalog;
  /** Asks the model; a Fault when no vector came. */
  embed(asked: {
    readonly model: string;
    readonly text: string;
    readonly deadlineMs: number;
  }): Promise<readonly number[] | Fault>;
}

type Terms = Pick<PromptFeatures, 'buckets' | 'weights'>;

/** As much of a text as is read by its words: its beginning and its end. */
const endCharacters = 2000;
const mostAsked = 64;
/** A model that fails so often in a row is left alone for a while: nobody waits for what does not come. */
const failuresInARow = 5;
const restMs = 10_000;

/**
 * Reads prompts by the vectors of an embeddings model. A request waits for its vector before anything is decided, never
 * longer than the timeout; deciding itself only looks into memory, and takes the words where there is no vector.
 */
export class PromptEmbedder {
  readonly #deps: EmbedderDeps;
  readonly #kind: number;
  readonly #projection = new VectorProjection();
  readonly #jobs = new JobFinder();
  readonly #reader = new FeatureReader();
  readonly #known = new Map<string, Terms>();
  readonly #asked = new Map<string, Promise<void>>();
  #failures = 0;
  #restsUntilMs = Number.NEGATIVE_INFINITY;

  constructor(deps: EmbedderDeps) {
    this.#deps = deps;
    this.#kind = featureKindOf(deps.settings.model);
  }

  /** Begins to fetch what the decision on a request will look for; undefined when there is nothing to wait for. */
  prepare(received: Received, { asked, head }: ReadRequest): Promise<void> | undefined {
    if (head.operation !== 'generate' || received.copy || received.under !== undefined) return undefined;
    const text = promptText(asked);
    const words = (): PromptFeatures => this.#reader.read(text);
    const found = this.#jobs.find(received, head, { catalog: this.#deps.catalog(), features: words });
    const job = found === undefined || Fault.is(found) ? undefined : found.job;
    return job && job.candidates.length > 1 ? this.fetchFor(job, text) : undefined;
  }

  /** Resolves when the vector of a prompt is there, or nobody waits for it any more. */
  fetchFor(job: ResolvedJob | undefined, text: string): Promise<void> | undefined {
    if (job !== undefined && !mayBeSent(job)) return undefined;
    const name = nameOf(text);
    if (this.#recall(name)) return undefined;
    const { clock, wheel, settings } = this.#deps;
    if (clock.monotonicMs() < this.#restsUntilMs) return undefined;
    const asking = this.#asked.get(name) ?? this.#ask(name, text);
    if (asking === undefined) return undefined;
    return new Promise((resolve) => {
      const timer = wheel.after(settings.timeoutMs, resolve);
      void asking.then(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  /** The features of a prompt of a job: by its vector if it is at hand, else by its words. */
  read(job: ResolvedJob | undefined, text: string, words: PromptFeatures): ReadPrompt {
    if (job !== undefined && !mayBeSent(job)) return { ...words, by: 'words (the job says where its prompts may go)' };
    const terms = this.#recall(nameOf(text));
    if (terms === undefined) return { ...words, by: 'words (no vector in time)' };
    return { ...words, ...terms, kind: this.#kind, by: `embedding ${this.#deps.settings.model}` };
  }

  #ask(name: string, text: string): Promise<void> | undefined {
    if (this.#asked.size >= mostAsked) return undefined;
    const { model, timeoutMs: deadlineMs } = this.#deps.settings;
    const asking = this.#deps
      .embed({ model, text: endsOf(text), deadlineMs })
      .then((vector) => (Fault.is(vector) ? undefined : this.#projection.terms(vector)))
      .catch(() => undefined)
      .then((terms) => {
        this.#asked.delete(name);
        this.#note(name, terms);
      });
    this.#asked.set(name, asking);
    return asking;
  }

  #note(name: string, terms: Terms | undefined): void {
    if (terms === undefined) {
      this.#failures += 1;
      if (this.#failures % failuresInARow === 0) this.#restsUntilMs = this.#deps.clock.monotonicMs() + restMs;
      return;
    }
    this.#failures = 0;
    // The request that it came for decides next, however little is remembered.
    if (this.#known.size >= Math.max(mostAsked, this.#deps.settings.cacheEntries)) {
      const [oldest] = this.#known.keys();
      if (oldest !== undefined) this.#known.delete(oldest);
    }
    this.#known.set(name, terms);
  }

  #recall(name: string): Terms | undefined {
    const terms = this.#known.get(name);
    if (terms === undefined) return undefined;
    this.#known.delete(name);
    this.#known.set(name, terms);
    return terms;
  }
}

/** Where a job says where it may be computed, or what hosts must promise, its prompts go nowhere else. */
function mayBeSent({ settings: { constraints } }: ResolvedJob): boolean {
  return constraints.regions === undefined && constraints.dataPolicy === undefined;
}

function endsOf(text: string): string {
  if (text.length <= 2 * endCharacters) return text;
  return `${text.slice(0, endCharacters)}\n${text.slice(-endCharacters)}`;
}

function nameOf(text: string): string {
  return hash('sha256', endsOf(text), 'base64');
}
