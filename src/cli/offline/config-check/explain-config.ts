import { type Config, type LoadedConfig, type parseConfig, readSecret } from '../../../config/index.ts';
import { Fault } from '../../../domain/faults/fault.ts';
import type { Catalog, OfferedModel } from '../../../catalog/index.ts';
import type { Host } from '../../../domain/calls/endpoint.ts';

type Locate = ReturnType<typeof parseConfig>['locate'];

/** What one host resolves to; credentials only by their reference. */
export interface HostExplanation {
  readonly id: string;
  /** Undefined: not in the file, but ready because its key is in the environment. */
  readonly line: number | undefined;
  readonly protocol: string;
  readonly baseUrl: string;
  /** Whose quirks hold: a known provider's, or those of the protocol in general. */
  readonly quirksOf: string;
  readonly credentials: readonly { readonly reference: string; readonly isSet: boolean }[];
}

/** What one model resolves to. */
export interface ModelExplanation {
  readonly name: string;
  readonly line: number;
  /** In the order in which a request falls through them; equal ones share by weight. */
  readonly endpoints: readonly EndpointExplanation[];
  readonly maxAttempts: number;
}

/** One endpoint of a model. */
export interface EndpointExplanation {
  readonly id: string;
  readonly weight: number;
  /** Set when it comes from the fallback model of this name. */
  readonly fallbackModel: string | undefined;
  /** As written, USD per million; undefined: unknown, which is never counted as free. */
  readonly price: Config['models'][string]['endpoints'][number]['price'];
}

/** What one other name leads to. */
export interface NameExplanation {
  readonly name: string;
  readonly line: number;
  readonly leadsTo: readonly string[];
}

/** What a configuration means. */
export interface Explanation {
  readonly hosts: readonly HostExplanation[];
  readonly models: readonly ModelExplanation[];
  readonly aliases: readonly NameExplanation[];
  readonly jobs: readonly NameExplanation[];
  readonly keys: readonly (NameExplanation & { readonly secret: string })[];
}

/** Resolves hosts and models as the product does at its start. Throws a Fault for a name that leads nowhere. */
export async function explainConfig(loaded: LoadedConfig, locate: Locate): Promise<Explanation> {
  const { buildHosts, Catalog: CatalogClass } = await import('../../../catalog/index.ts');
  const { providerDefinitions } = await import('../../../providers/index.ts');
  const { policySchema } = await import('../../../config/index.ts');
  const providers = providerDefinitions
    .filter(({ generic }) => generic !== true)
    .map(({ id, protocol, baseUrl, keyEnv }) => ({ id, protocol, baseUrl, keyEnv }));
  const hosts = buildHosts(loaded, providers);
  const offered = await simulatedOffers();
  const defaultPolicy = policySchema.parse({});
  const catalog = new CatalogClass({ loaded, hosts, offered, defaultPolicy, providers });
  const { config } = loaded;
  const named = (section: string, entries: readonly (readonly [string, readonly string[]])[]): NameExplanation[] =>
    entries.map(([name, leadsTo]) => ({ name, line: locate([section, name]).line, leadsTo }));
  return {
    hosts: [...hosts.values()].map((host) => explainHost(host, loaded, locate)),
    models: Object.keys(config.models).map((name) => explainModel(name, { catalog, config, locate })),
    aliases: named(
      'aliases',
      Object.entries(config.aliases).map(([name, model]) => [name, [model]]),
    ),
    jobs: named(
      'jobs',
      Object.entries(config.jobs).map(([name, job]) => [name, job.models]),
    ),
    keys: config.keys.map(({ name, models, secret }, index) => ({
      name,
      line: locate(['keys', index, 'name']).line,
      leadsTo: models,
      secret,
    })),
  };
}

/** The models that are there without configuration may be named as fallbacks. */
async function simulatedOffers(): Promise<OfferedModel[]> {
  const { simulatedModels } = await import('../../../simulator/index.ts');
  const host: Host = {
    id: 'sim',
    protocol: 'openai-chat',
    providerId: 'generic-openai-chat',
    baseUrl: 'http://127.0.0.1/v1',
    auth: { type: 'none' },
    timeouts: { connectMs: 1, firstTokenMs: 1, idleMs: 1, totalMs: 1 },
    headers: {},
    maxConnections: 1,
  };
  return simulatedModels.map(({ name, description, price }) => ({
    name,
    host,
    upstreamModel: name,
    description,
    simulated: true,
    price,
  }));
}

function explainHost(host: Host, { config, secrets }: LoadedConfig, locate: Locate): HostExplanation {
  const { id, protocol, baseUrl, providerId } = host;
  const written = Object.hasOwn(config.hosts, id) ? config.hosts[id] : undefined;
  const references = [written?.apiKey, ...Object.values(written?.auth ?? {})].filter(
    (value): value is string => value !== undefined && /^(env|file):/.test(value),
  );
  return {
    id,
    line: written === undefined ? undefined : locate(['hosts', id]).line,
    protocol,
    baseUrl,
    quirksOf: providerId.startsWith('generic-') ? 'its protocol in general' : providerId,
    credentials: references.map((reference) => ({ reference, isSet: readSecret(reference, secrets) !== undefined })),
  };
}

function explainModel(
  name: string,
  known: { readonly catalog: Catalog; readonly config: Config; readonly locate: Locate },
): ModelExplanation {
  const resolved = known.catalog.resolve(name);
  if (Fault.is(resolved)) throw resolved;
  return {
    name,
    line: known.locate(['models', name]).line,
    maxAttempts: resolved.policy.maxAttempts,
    endpoints: resolved.endpoints.map(({ id, weight, modelName, host, upstreamModel }) => ({
      id,
      weight,
      fallbackModel: modelName === name ? undefined : modelName,
      price: known.config.models[modelName]?.endpoints.find(
        (one) => one.host === host.id && one.model === upstreamModel,
      )?.price,
    })),
  };
}
