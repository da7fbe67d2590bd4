import type { Catalog, ResolvedJob } from '../../catalog/index.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { RequestHead } from '../../protocols/index.ts';
import { JobClassifier, type PromptFeatures, type RoutedJob } from '../../routing/index.ts';
import { type JobTerms, jobTermsOf, unknownJobTerms } from './job-terms.ts';
import type { Asking } from '../received.ts';

/** Start of a model's name that asks for a job. */
export const jobPrefix = 'job/';

/** The job of a request, or that it is known to have none. */
export interface FoundJob {
  readonly routed: RoutedJob;
  readonly job: ResolvedJob | undefined;
  readonly terms: JobTerms;
}

/** Tells jobs apart by what is said about them; made anew when the jobs change. */
export class JobFinder {
  readonly #classifiers = new WeakMap<Catalog, JobClassifier>();
  /** Versions of jobs never change, so their terms are read once. */
  readonly #terms = new WeakMap<ResolvedJob, JobTerms>();

  /**
   * `job/NAME`, the header, or the metadata of the request. The model `auto` means whichever of these is there, else the
   * nearest job, else honestly none. Undefined: a model was asked for, not a job.
   */
  find(
    received: Asking,
    head: RequestHead,
    { catalog, features }: { catalog: Catalog; features: () => PromptFeatures | undefined },
  ): FoundJob | Fault | undefined {
    const byModel = head.model.startsWith(jobPrefix) ? head.model.slice(jobPrefix.length) : undefined;
    const asked = received.controls.job ?? head.job ?? received.key.onlyJob;
    const named = byModel ?? (head.model === 'auto' ? asked : undefined);
    if (named !== undefined) {
      const job = catalog.job(named);
      return job ? this.#found(job, 'named') : unknownJob(named, catalog);
    }
    if (head.model !== 'auto') return undefined;
    const [only, ...others] = catalog.jobs();
    if (only && others.length === 0) return this.#found(only, 'only');
    const prompt = only === undefined ? undefined : features();
    const match = prompt && this.#classifierOf(catalog).nearest(prompt);
    const nearest = match?.job === undefined ? undefined : catalog.job(match.job);
    if (nearest && match) return this.#found(nearest, 'nearest', match.similarity);
    return {
      routed: { name: '', found: 'unknown', similarity: match?.similarity },
      job: undefined,
      terms: unknownJobTerms,
    };
  }

  /** A job that is known by its name. */
  byName(name: string, catalog: Catalog): FoundJob | undefined {
    const job = catalog.job(name);
    return job && this.#found(job, 'named');
  }

  #found(job: ResolvedJob, how: RoutedJob['found'], similarity?: number): FoundJob {
    const terms = this.#terms.get(job) ?? jobTermsOf(job);
    this.#terms.set(job, terms);
    return { job, terms, routed: { name: job.job, versionId: job.versionId, found: how, similarity } };
  }

  #classifierOf(catalog: Catalog): JobClassifier {
    const known = this.#classifiers.get(catalog);
    if (known) return known;
    const described = catalog.jobs().map(({ job, settings: { description, examples } }) => ({
      name: job,
      description,
      examples,
    }));
    const made = new JobClassifier(described);
    this.#classifiers.set(catalog, made);
    return made;
  }
}

function unknownJob(name: string, catalog: Catalog): Fault {
  const known = catalog.jobNames().slice(0, 50).join(', ') || 'none';
  const message = `The job "${name.slice(0, 200)}" is not configured. Known jobs: ${known}.`;
  return new Fault('model_unknown', { message, param: 'model' });
}
