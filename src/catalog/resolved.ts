import type { JobConfig, PolicyConfig } from '../config/index.ts';
import type { Endpoint, Host } from '../domain/calls/endpoint.ts';
import type { PriceTexts } from './configured-price.ts';
import type { PromptVersion } from './prompt-version.ts';

/** A model name with the endpoints that serve it. */
export interface ResolvedModel {
  readonly name: string;
  /** Own endpoints first, then those of the fallback models. */
  readonly endpoints: readonly Endpoint[];
  readonly policy: PolicyConfig;
}

/** A job with its candidate models. */
export interface ResolvedJob {
  readonly job: string;
  /** Name and digest of the settings: what decided is known even after it changed. */
  readonly versionId: string;
  readonly settings: JobConfig;
  readonly candidates: readonly ResolvedModel[];
  /** What every request of the job is told besides, as its settings say. */
  readonly prompt?: PromptVersion | undefined;
  /** The candidate that its floor is measured by. */
  readonly incumbent: ResolvedModel | undefined;
}

/** A job that was made by the control API. */
export interface StoredJob {
  readonly name: string;
  readonly settings: JobConfig;
}

/** One line of the models list. */
export interface ListedModel {
  readonly id: string;
  readonly ownedBy: string;
  readonly description: string;
  readonly simulated: boolean;
}

/** A model that exists without configuration on one host (simulated or discovered). */
export interface OfferedModel {
  readonly name: string;
  readonly host: Host;
  readonly upstreamModel: string;
  readonly description: string;
  readonly simulated: boolean;
  readonly price?: PriceTexts;
}
