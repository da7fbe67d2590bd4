import { hash } from 'node:crypto';
import type { JobConfig, LoadedConfig, ModelConfig } from '../config/index.ts';
import type { Endpoint, Host } from '../domain/calls/endpoint.ts';
import { Fault } from '../domain/faults/fault.ts';
import type { KnownProvider } from './build-hosts.ts';
import { priceFromTexts } from './configured-price.ts';
import { directEndpoint, grantedBy, listPrice, regionOf } from './make-endpoint.ts';
import { promptVersionOf } from './prompt-version.ts';
import type { ListedModel, OfferedModel, ResolvedJob, ResolvedModel, StoredJob } from './resolved.ts';
import { ServedModels, type ServedSource } from './served-models.ts';
import { shippedJob } from './shipped-jobs.ts';
import { unknownModel, unknownReference } from './unknown-names.ts';

/** Everything a catalog is made of. */
export interface CatalogSource extends ServedSource {
  readonly loaded: LoadedConfig;
  readonly offered: readonly OfferedModel[];
  /** Jobs of the control API; the configuration wins over one of the same name. */
  readonly jobs?: readonly StoredJob[] | undefined;
  /** Hosts that need only their key, to say so where one of them is named without it. */
  readonly providers?: readonly Pick<KnownProvider, 'id' | 'keyEnv'>[];
}

/** An immutable snapshot of models, hosts and jobs; a reload makes a new one. */
export class Catalog {
  readonly #source: CatalogSource;
  readonly #models = new Map<string, ResolvedModel>();
  readonly #offered = new Map<string, ResolvedModel>();
  readonly #served: ServedModels;
  readonly #configuredIds = new Set<string>();
  readonly #jobs = new Map<string, ResolvedJob>();
  readonly #shipped = new Map<string, ResolvedJob>();

  constructor(source: CatalogSource) {
    this.#source = source;
    this.#served = new ServedModels(source);
    const { config } = source.loaded;
    for (const offered of source.offered) this.#offered.set(offered.name, this.#resolveOffered(offered));
    const own = new Map<string, Endpoint[]>();
    for (const [name, model] of Object.entries(config.models)) own.set(name, this.#endpointsOf(name, model));
    for (const [name, model] of Object.entries(config.models)) {
      const endpoints = [...(own.get(name) ?? [])];
      for (const fallback of model.fallback) {
        const known = own.get(fallback) ?? (this.#offered.get(fallback) ?? this.#served.find(fallback))?.endpoints;
        if (!known) throw unknownReference(`models.${name}.fallback`, fallback, this.#names());
        endpoints.push(...known);
      }
      this.#models.set(name, { name, endpoints, policy: model.policy });
    }
    for (const model of [...this.#models.values(), ...this.#offered.values()]) this.#noteConfigured(model);
    for (const [name, target] of Object.entries(config.aliases)) {
      const model = this.resolve(target);
      if (Fault.is(model)) throw unknownReference(`aliases.${name}`, target, this.#names());
      this.#noteConfigured(model);
    }
    for (const [name, job] of Object.entries(config.jobs)) this.#addJob(name, job, false);
    for (const { name, settings } of source.jobs ?? []) if (!this.#jobs.has(name)) this.#addJob(name, settings, true);
  }

  /**
   * Finds a model by name: configured, simulated or discovered, by host, by the catalog's id, alias. `model_unknown`
   * names the nearest.
   */
  resolve(name: string): ResolvedModel | Fault {
    const found = this.#found(name);
    if (found) return found;
    const alias = Object.hasOwn(this.#source.loaded.config.aliases, name)
      ? this.#source.loaded.config.aliases[name]
      : undefined;
    if (alias !== undefined) {
      const target = this.#found(alias);
      if (target) return target;
    }
    return unknownModel(name, this.#names());
  }

  /** Does something other than a client's request name the endpoint: the configuration, discovery, the simulator? */
  isConfigured(endpointId: string): boolean {
    return this.#configuredIds.has(endpointId);
  }

  /** Finds a job with its candidates, shipped ones included; undefined when the name is no job. */
  job(name: string): ResolvedJob | undefined {
    return this.#jobs.get(name) ?? this.#shippedJob(name);
  }

  /** Jobs of the product itself: asked for by name, never listed and never found by a prompt. */
  #shippedJob(name: string): ResolvedJob | undefined {
    const known = this.#shipped.get(name);
    if (known) return known;
    const { loaded, offered } = this.#source;
    const settings = shippedJob(name, {
      configured: Object.keys(loaded.config.models),
      local: offered.flatMap((one) => (one.simulated ? [] : [one.name])),
      isServed: (model) => this.#served.fromCatalog(model) !== undefined,
    });
    if (!settings) return undefined;
    const candidates = settings.models.flatMap((model) => {
      const resolved = this.resolve(model);
      return Fault.is(resolved) ? [] : [resolved];
    });
    const job = { job: name, versionId: jobVersionId(name, settings), settings, candidates, incumbent: undefined };
    this.#shipped.set(name, job);
    return job;
  }

  /** Whether the configuration file has a job of this name. */
  isJobOfFile(name: string): boolean {
    return Object.hasOwn(this.#source.loaded.config.jobs, name);
  }

  jobNames(): readonly string[] {
    return [...this.#jobs.keys()];
  }

  jobs(): readonly ResolvedJob[] {
    return [...this.#jobs.values()];
  }

  /** Models that the configuration names, those of jobs included, in its order: what may be chosen without being asked for. */
  choosable(): readonly ResolvedModel[] {
    const found = new Map(this.#models);
    for (const { candidates } of this.#jobs.values())
      for (const model of candidates) if (!found.has(model.name)) found.set(model.name, model);
    return [...found.values()];
  }

  host(id: string): Host | undefined {
    return this.#source.hosts.get(id);
  }

  hosts(): readonly Host[] {
    return [...this.#source.hosts.values()];
  }

  /** Every model that can be asked for by a name we know: configured, jobs, aliases, discovered, simulated. */
  list(): ListedModel[] {
    const { config } = this.#source.loaded;
    const plain = (id: string, description: string): ListedModel => ({
      id,
      ownedBy: 'switchyard',
      description,
      simulated: false,
    });
    return [
      ...Object.keys(config.models).map((id) => plain(id, '')),
      ...[...this.#jobs.values()].map(({ job, settings }) => plain(`job/${job}`, settings.description)),
      ...Object.entries(config.aliases).map(([id, target]) => plain(id, `Alias of ${target}.`)),
      ...this.#source.offered.map(({ name, host, description, simulated }) => ({
        id: name,
        ownedBy: host.id,
        description,
        simulated,
      })),
    ];
  }

  /** One listed model, or a model of a known host by its full name. */
  find(id: string): ListedModel | undefined {
    const listed = this.list().find((model) => model.id === id);
    if (listed) return listed;
    const host = this.#served.find(id)?.endpoints[0]?.host;
    return host && { id, ownedBy: host.id, description: '', simulated: false };
  }

  #found(name: string): ResolvedModel | undefined {
    return this.#models.get(name) ?? this.#offered.get(name) ?? this.#served.find(name);
  }

  #names(): string[] {
    return this.list().map(({ id }) => id);
  }

  #unknownHost(path: string, id: string): Fault {
    const { providers = [], hosts } = this.#source;
    const [variable] = providers.find((provider) => provider.id === id)?.keyEnv ?? [];
    if (variable === undefined) return unknownReference(path, id, hosts.keys());
    const message = `${path}: "${id}" has no key: set ${variable}, or give it an entry in hosts`;
    return new Fault('invalid_request', { message, param: path });
  }

  #endpointsOf(name: string, model: ModelConfig): Endpoint[] {
    return model.endpoints.map((endpoint, index) => {
      const host = this.#source.hosts.get(endpoint.host);
      if (!host) throw this.#unknownHost(`models.${name}.endpoints[${index}].host`, endpoint.host);
      const facts = this.#served.factsOf(host, endpoint.model);
      return {
        id: `${host.id}/${endpoint.model}`,
        modelName: name,
        host,
        upstreamModel: endpoint.model,
        weight: endpoint.weight,
        ...(endpoint.price ? { price: priceFromTexts(endpoint.price) } : listPrice(facts)),
        limits: {
          ...facts?.limits,
          ...(endpoint.contextTokens !== undefined && { contextTokens: endpoint.contextTokens }),
          ...(endpoint.maxOutputTokens !== undefined && { maxOutputTokens: endpoint.maxOutputTokens }),
        },
        capabilities: { ...grantedBy(facts), ...endpoint.capabilities },
        ...regionOf(host),
      };
    });
  }

  /** A model that is gone leaves a stored job; in the configuration it is an error. */
  #addJob(name: string, settings: JobConfig, isStored: boolean): void {
    const candidates: ResolvedModel[] = [];
    let incumbent: ResolvedModel | undefined;
    for (const model of settings.models) {
      const resolved = this.resolve(model);
      if (Fault.is(resolved)) {
        if (isStored) continue;
        throw unknownReference(`jobs.${name}.models`, model, this.#names());
      }
      this.#noteConfigured(resolved);
      candidates.push(resolved);
      if (model === settings.floor?.incumbent) incumbent = resolved;
    }
    const versionId = jobVersionId(name, settings);
    const prompt = settings.prompt && promptVersionOf(settings.prompt);
    this.#jobs.set(name, { job: name, versionId, settings, candidates, prompt, incumbent });
  }

  #noteConfigured({ endpoints }: ResolvedModel): void {
    for (const { id } of endpoints) this.#configuredIds.add(id);
  }

  #resolveOffered(offered: OfferedModel): ResolvedModel {
    const endpoint = directEndpoint(offered.name, offered.host, offered.upstreamModel);
    const price = priceFromTexts(offered.price);
    return { name: offered.name, endpoints: [{ ...endpoint, price }], policy: this.#source.defaultPolicy };
  }
}

/** Name and digest of what a job asks for: the same settings are the same version. */
export function jobVersionId(name: string, settings: JobConfig): string {
  return `${name}@${hash('sha256', JSON.stringify(settings)).slice(0, 16)}`;
}
