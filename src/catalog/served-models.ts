import type { PolicyConfig } from '../config/index.ts';
import type { Endpoint, Host } from '../domain/calls/endpoint.ts';
import type { CatalogFacts, EndpointFacts } from './facts/catalog-facts.ts';
import { directEndpoint, grantedBy, listPrice } from './make-endpoint.ts';
import type { ResolvedModel } from './resolved.ts';

/** What models without configuration are made of. */
export interface ServedSource {
  readonly hosts: ReadonlyMap<string, Host>;
  /** Taken when a model has no policy of its own. */
  readonly defaultPolicy: PolicyConfig;
  /** What is known of models without configuration, and the instant whose prices hold; absent: nothing is. */
  readonly known?: { readonly facts: CatalogFacts; readonly atMs: number };
}

const maxKept = 10_000;

/** Models that ready hosts serve without any configuration, found by name and made at first use. */
export class ServedModels {
  readonly #source: ServedSource;
  readonly #byHost = new Map<string, ResolvedModel>();
  readonly #byCatalog = new Map<string, ResolvedModel>();

  constructor(source: ServedSource) {
    this.#source = source;
  }

  find(name: string): ResolvedModel | undefined {
    return this.#fromHost(name) ?? this.fromCatalog(name);
  }

  /** `openai/gpt-…`: the first segment names a host, the rest is the host's own name of the model. */
  #fromHost(name: string): ResolvedModel | undefined {
    const slash = name.indexOf('/');
    if (slash <= 0 || slash === name.length - 1) return undefined;
    const known = this.#byHost.get(name);
    if (known) return known;
    const host = this.#source.hosts.get(name.slice(0, slash));
    if (!host) return undefined;
    const endpoints = [this.#endpointAt(name, host, name.slice(slash + 1))];
    const resolved = { name, endpoints, policy: this.#source.defaultPolicy };
    if (this.#byHost.size >= maxKept) this.#byHost.clear();
    this.#byHost.set(name, resolved);
    return resolved;
  }

  /** `gpt-…` or `maker/model`: every ready host that serves these weights, the maker's own first. */
  fromCatalog(name: string): ResolvedModel | undefined {
    const { known } = this.#source;
    if (!known) return undefined;
    const made = this.#byCatalog.get(name);
    if (made) return made;
    const endpoints: Endpoint[] = [];
    let maker: Endpoint | undefined;
    for (const host of this.#source.hosts.values()) {
      const model = host.catalogId === undefined ? undefined : known.facts.modelOf(host.catalogId, name);
      const facts = model === undefined ? undefined : this.factsOf(host, model);
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
    if (this.#byCatalog.size >= maxKept) this.#byCatalog.clear();
    this.#byCatalog.set(name, resolved);
    return resolved;
  }

  /** What is known of a model at a host. */
  factsOf({ catalogId }: Host, model: string): EndpointFacts | undefined {
    const { known } = this.#source;
    return catalogId === undefined ? undefined : known?.facts.find(catalogId, model, known.atMs);
  }

  /** What the caller names by host is passed on: facts price and measure it, but never forbid it. */
  #endpointAt(name: string, host: Host, upstreamModel: string): Endpoint {
    const facts = this.factsOf(host, upstreamModel);
    const { limits = {} } = facts ?? {};
    const capabilities = grantedBy(facts);
    return { ...directEndpoint(name, host, upstreamModel), ...listPrice(facts), limits, capabilities };
  }
}
