import { hash } from 'node:crypto';
import type { JobConfig, LoadedConfig, ModelConfig, PolicyConfig } from '../config/index.ts';
import type { Endpoint, Host } from '../domain/calls/endpoint.ts';
import { Fault } from '../domain/faults/fault.ts';
import type { KnownProvider } from './build-hosts.ts';
import { type PriceTexts, priceFromTexts } from './configured-price.ts';
import type { CatalogFacts, EndpointFacts } from './facts/catalog-facts.ts';
import { nearestNames } from './nearest-names.ts';
import { type PromptVersion, promptVersionOf } from './prompt-version.ts';
import { shippedJob } from './shipped-jobs.ts';

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

/** Everything a catalog is made of. */
export interface CatalogSource {
  readonly loaded: LoadedConfig;
  readonly hosts: ReadonlyMap<string, Host>;
  readonly offered: readonly OfferedModel[];
  /** Jobs of the control API; the configuration wins over one of the same name. */
  readonly jobs?: readonly StoredJob[] | undefined;
  /** Taken when a model has no policy of its own. */
  readonly defaultPolicy: PolicyConfig;
  /** What is known of models without configuration, and the instant whose prices hold; absent: nothing is. */
  readonly known?: { readonly facts: CatalogFacts; readonly atMs: number };
  /** Hosts that need only their key, to say so where one of them is named without it. */
  readonly providers?: readonly Pick<KnownProvider, 'id' | 'keyEnv'>[];
}

const maxDirectEndpoints = 10_000;

/** An immutable snapshot of models, hosts and jobs; a reload makes a new one. */
export class Catalog {
  readonly #source: CatalogSource;
  readonly #models = new Map<string, ResolvedModel>();
  readonly #offered = new Map<string, ResolvedModel>();
  /** Endpoints named by host and model (`openai/gpt-…`), made at first use. */
  readonly #direct = new Map<string, ResolvedModel>();
  /** Models named by the catalog's id, at every host that serves them, made at first use. */
  readonly #cataloged = new Map<string, ResolvedModel>();
  readonly #configuredIds = new Set<string>();
  readonly #jobs = new Map<string, ResolvedJob>();
  readonly #shipped = new Map<string, ResolvedJob>();

  constructor(source: CatalogSource) {
    this.#source = source;
    const { config } = source.loaded;
    for (const offered of source.offered) this.#offered.set(offered.name, this.#resolveOffered(offered));
    const own = new Map<string, Endpoint[]>();
    for (const [name, model] of Object.entries(config.models)) own.set(name, this.#endpointsOf(name, model));
    for (const [name, model] of Object.entries(config.models)) {
      const endpoints = [...(own.get(name) ?? [])];
      for (const fallback of model.fallback) {
        const known =
          own.get(fallback) ??
          (this.#offered.get(fallback) ?? this.#fromHost(fallback) ?? this.#fromCatalog(fallback))?.endpoints;
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
      isServed: (model) => this.#fromCatalog(model) !== undefined,
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
    const host = (this.#fromHost(id) ?? this.#fromCatalog(id))?.endpoints[0]?.host;
    return host && { id, ownedBy: host.id, description: '', simulated: false };
  }

  #found(name: string): ResolvedModel | undefined {
    return this.#models.get(name) ?? this.#offered.get(name) ?? this.#fromHost(name) ?? this.#fromCatalog(name);
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
      const facts = this.#factsOf(host, endpoint.model);
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

  /** `openai/gpt-…`: the first segment names a host, the rest is the host's own name of the model. */
  #fromHost(name: string): ResolvedModel | undefined {
    const slash = name.indexOf('/');
    if (slash <= 0 || slash === name.length - 1) return undefined;
    const known = this.#direct.get(name);
    if (known) return known;
    const host = this.#source.hosts.get(name.slice(0, slash));
    if (!host) return undefined;
    const endpoints = [this.#directEndpoint(name, host, name.slice(slash + 1))];
    const resolved = { name, endpoints, policy: this.#source.defaultPolicy };
    if (this.#direct.size >= maxDirectEndpoints) this.#direct.clear();
    this.#direct.set(name, resolved);
    return resolved;
  }

  /** What the caller names by host is passed on: facts price and measure it, but never forbid it. */
  #directEndpoint(name: string, host: Host, upstreamModel: string): Endpoint {
    const facts = this.#factsOf(host, upstreamModel);
    const { limits = {} } = facts ?? {};
    const capabilities = grantedBy(facts);
    return { ...directEndpoint(name, host, upstreamModel), ...listPrice(facts), limits, capabilities };
  }

  /** `gpt-…` or `maker/model`: every ready host that serves these weights, the maker's own first. */
  #fromCatalog(name: string): ResolvedModel | undefined {
    const { known } = this.#source;
    if (!known) return undefined;
    const made = this.#cataloged.get(name);
    if (made) return made;
    const endpoints: Endpoint[] = [];
    let maker: Endpoint | undefined;
    for (const host of this.#source.hosts.values()) {
      const model = host.catalogId === undefined ? undefined : known.facts.modelOf(host.catalogId, name);
      const facts = model === undefined ? undefined : this.#factsOf(host, model);
      if (model === undefined || !facts) continue;
      // The host that knows the weights by their plain name made them; the others stand behind it, in their order
      // and under names of their own, so that nothing is shared out among companies unasked.
      const isMaker = maker === undefined && facts.row.base?.endsWith(`/${model}`) === true && !model.includes('/');
      const { limits, capabilities } = facts;
      const plain = directEndpoint(isMaker ? name : `${host.id}/${model}`, host, model);
      const endpoint = { ...plain, ...listPrice(facts), limits, capabilities };
      if (isMaker) maker = endpoint;
      else endpoints.push(endpoint);
    }
    if (maker) endpoints.unshift(maker);
    if (endpoints.length === 0) return undefined;
    const resolved = { name, endpoints, policy: this.#source.defaultPolicy };
    if (this.#cataloged.size >= maxDirectEndpoints) this.#cataloged.clear();
    this.#cataloged.set(name, resolved);
    return resolved;
  }

  #factsOf({ catalogId }: Host, model: string): EndpointFacts | undefined {
    const { known } = this.#source;
    return catalogId === undefined ? undefined : known?.facts.find(catalogId, model, known.atMs);
  }
}

function directEndpoint(modelName: string, host: Host, upstreamModel: string): Endpoint {
  const id = `${host.id}/${upstreamModel}`;
  return {
    id,
    modelName,
    host,
    upstreamModel,
    weight: 1,
    price: undefined,
    limits: {},
    capabilities: {},
    ...regionOf(host),
  };
}

/** Name and digest of what a job asks for: the same settings are the same version. */
export function jobVersionId(name: string, settings: JobConfig): string {
  return `${name}@${hash('sha256', JSON.stringify(settings)).slice(0, 16)}`;
}

/** Clouds say where they compute in their credentials. */
function regionOf({ auth }: Host): { readonly region?: string } {
  if (auth.type === 'aws') return { region: auth.region };
  return auth.type === 'google' ? { region: auth.location } : {};
}

function listPrice(facts: EndpointFacts | undefined): Pick<Endpoint, 'price' | 'isListPrice'> {
  return facts?.price ? { price: facts.price, isListPrice: true } : { price: undefined };
}

/** Only what the facts grant: a wrong no would refuse what the host would have done. */
function grantedBy(facts: EndpointFacts | undefined): Endpoint['capabilities'] {
  const { capabilities = {} } = facts ?? {};
  return Object.fromEntries(Object.entries(capabilities).filter(([, value]) => value === true));
}

function unknownModel(name: string, names: readonly string[]): Fault {
  const near = nearestNames(name, names);
  const hint = near.length > 0 ? ` Nearest: ${near.join(', ')}.` : ' No models are configured.';
  return new Fault('model_unknown', {
    message: `The model "${name.slice(0, 200)}" is not known.${hint}`,
    param: 'model',
  });
}

function unknownReference(path: string, name: string, names: Iterable<string>): Fault {
  const near = nearestNames(name, names).join(', ');
  const message = `${path}: "${name}" is not known${near === '' ? '' : `; nearest: ${near}`}`;
  return new Fault('invalid_request', { message, param: path });
}
