import type { LoadedConfig, ModelConfig, PolicyConfig } from '../config/index.ts';
import type { Endpoint, Host } from '../domain/endpoint.ts';
import { Fault } from '../domain/fault.ts';
import { type PriceTexts, priceFromTexts } from './configured-price.ts';
import { nearestNames } from './nearest-names.ts';

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
  readonly candidates: readonly ResolvedModel[];
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
  /** Taken when a model has no policy of its own. */
  readonly defaultPolicy: PolicyConfig;
}

const maxDirectEndpoints = 10_000;

/** An immutable snapshot of models, hosts and jobs; a reload makes a new one. */
export class Catalog {
  readonly #source: CatalogSource;
  readonly #models = new Map<string, ResolvedModel>();
  readonly #offered = new Map<string, ResolvedModel>();
  /** Endpoints named by host and model (`openai/gpt-…`), made at first use. */
  readonly #direct = new Map<string, ResolvedModel>();

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
          own.get(fallback) ?? this.#offered.get(fallback)?.endpoints ?? this.#fromHost(fallback)?.endpoints;
        if (!known) throw unknownReference(`models.${name}.fallback`, fallback, this.#names());
        endpoints.push(...known);
      }
      this.#models.set(name, { name, endpoints, policy: model.policy });
    }
    for (const [name, target] of Object.entries(config.aliases)) {
      if (Fault.is(this.resolve(target))) throw unknownReference(`aliases.${name}`, target, this.#names());
    }
    for (const [name, job] of Object.entries(config.jobs)) {
      for (const model of job.models) {
        if (Fault.is(this.resolve(model))) throw unknownReference(`jobs.${name}.models`, model, this.#names());
      }
    }
  }

  /** Finds a model by name: configured, simulated or discovered, by host, alias. `model_unknown` names the nearest. */
  resolve(name: string): ResolvedModel | Fault {
    const found = this.#models.get(name) ?? this.#offered.get(name) ?? this.#fromHost(name);
    if (found) return found;
    const alias = Object.hasOwn(this.#source.loaded.config.aliases, name)
      ? this.#source.loaded.config.aliases[name]
      : undefined;
    if (alias !== undefined) {
      const target = this.#models.get(alias) ?? this.#offered.get(alias) ?? this.#fromHost(alias);
      if (target) return target;
    }
    return unknownModel(name, this.#names());
  }

  /** Finds a job's candidates; undefined when the name is no job. */
  job(name: string): ResolvedJob | undefined {
    const { jobs } = this.#source.loaded.config;
    const job = Object.hasOwn(jobs, name) ? jobs[name] : undefined;
    if (!job) return undefined;
    const candidates: ResolvedModel[] = [];
    for (const model of job.models) {
      const resolved = this.resolve(model);
      if (!Fault.is(resolved)) candidates.push(resolved);
    }
    return { job: name, candidates };
  }

  jobNames(): readonly string[] {
    return Object.keys(this.#source.loaded.config.jobs);
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
      ...Object.entries(config.jobs).map(([id, job]) => plain(`job/${id}`, job.description)),
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
    const host = this.#fromHost(id)?.endpoints[0]?.host;
    return host && { id, ownedBy: host.id, description: '', simulated: false };
  }

  #names(): string[] {
    return this.list().map(({ id }) => id);
  }

  #endpointsOf(name: string, model: ModelConfig): Endpoint[] {
    return model.endpoints.map((endpoint, index) => {
      const host = this.#source.hosts.get(endpoint.host);
      if (!host)
        throw unknownReference(`models.${name}.endpoints[${index}].host`, endpoint.host, this.#source.hosts.keys());
      return {
        id: `${host.id}/${endpoint.model}`,
        modelName: name,
        host,
        upstreamModel: endpoint.model,
        weight: endpoint.weight,
        price: priceFromTexts(endpoint.price),
        limits: {
          ...(endpoint.contextTokens !== undefined && { contextTokens: endpoint.contextTokens }),
          ...(endpoint.maxOutputTokens !== undefined && { maxOutputTokens: endpoint.maxOutputTokens }),
        },
        capabilities: endpoint.capabilities,
        ...regionOf(host),
      };
    });
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
    const endpoints = [directEndpoint(name, host, name.slice(slash + 1))];
    const resolved = { name, endpoints, policy: this.#source.defaultPolicy };
    if (this.#direct.size >= maxDirectEndpoints) this.#direct.clear();
    this.#direct.set(name, resolved);
    return resolved;
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

/** Clouds say where they compute in their credentials. */
function regionOf({ auth }: Host): { readonly region?: string } {
  if (auth.type === 'aws') return { region: auth.region };
  return auth.type === 'google' ? { region: auth.location } : {};
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
