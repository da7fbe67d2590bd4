import { type HostConfig, type LoadedConfig, readSecret, type SecretSources } from '../config/index.ts';
import type { HostProtocol } from '../domain/calls/dialect.ts';
import type { Host, HostAuth } from '../domain/calls/endpoint.ts';
import { Fault } from '../domain/faults/fault.ts';

/** What is known of a provider without any configuration. */
export interface KnownProvider {
  readonly id: string;
  readonly protocol: HostProtocol;
  readonly baseUrl: string | undefined;
  /** Environment variables that hold its key, first wins. */
  readonly keyEnv: readonly string[];
}

const defaultTimeouts = { connectMs: 5000, firstTokenMs: 60_000, idleMs: 60_000, totalMs: 900_000 };
const defaultMaxConnections = 4096;

/** Hosts from the configuration, and those whose key is in the environment. Throws a Fault that names the host. */
export function buildHosts(loaded: LoadedConfig, providers: readonly KnownProvider[]): Map<string, Host> {
  const hosts = new Map<string, Host>();
  const known = new Map(providers.map((provider) => [provider.id, provider]));
  for (const provider of providers) {
    const apiKey = firstSet(provider.keyEnv, loaded.secrets.environment);
    if (apiKey !== undefined && provider.baseUrl !== undefined) {
      hosts.set(provider.id, hostFromEnvironment(provider, provider.baseUrl, apiKey));
    }
  }
  for (const [id, config] of Object.entries(loaded.config.hosts)) {
    hosts.set(id, hostFromConfig({ id, config, provider: known.get(id), secrets: loaded.secrets }));
  }
  return hosts;
}

/** A host on its provider's defaults. */
export function hostFromEnvironment(provider: KnownProvider, baseUrl: string, apiKey: string | undefined): Host {
  return {
    id: provider.id,
    protocol: provider.protocol,
    providerId: provider.id,
    catalogId: provider.id,
    baseUrl,
    auth: apiKey === undefined ? { type: 'none' } : { type: 'api-key', apiKey },
    timeouts: defaultTimeouts,
    headers: {},
    maxConnections: defaultMaxConnections,
  };
}

interface HostSource {
  readonly id: string;
  readonly config: HostConfig;
  readonly provider: KnownProvider | undefined;
  readonly secrets: SecretSources;
}

function hostFromConfig({ id, config, provider, secrets }: HostSource): Host {
  const protocol = config.protocol ?? provider?.protocol;
  if (protocol === undefined) throw problem(id, 'protocol', 'is needed: this is not a known host');
  const auth = readAuth(id, config, { secrets, keyEnv: provider?.keyEnv ?? [] });
  const baseUrl = config.baseUrl ?? provider?.baseUrl ?? cloudBaseUrl(protocol, auth);
  if (baseUrl === undefined) throw problem(id, 'baseUrl', 'is needed: this host has no default address');
  return {
    id,
    protocol,
    // A known name with another protocol is somebody else's server.
    providerId: provider && provider.protocol === protocol ? id : `generic-${protocol}`,
    ...(provider && isItself(provider, config) && { catalogId: id }),
    baseUrl: baseUrl.replace(/\/+$/, ''),
    auth,
    timeouts: config.timeouts,
    headers: config.headers,
    maxConnections: config.maxConnections,
    allowPrivateAddress: config.allowPrivateAddress,
    ...(config.dataPolicy !== undefined && { dataPolicy: config.dataPolicy }),
  };
}

/** Whether a configured host is the provider of its name: a mirror or a proxy has prices of its own. */
function isItself(provider: KnownProvider, { protocol, baseUrl }: HostConfig): boolean {
  if (protocol !== undefined && protocol !== provider.protocol) return false;
  // Clouds have an address per region or resource.
  if (baseUrl === undefined || /[{]|^$/.test(provider.baseUrl ?? '')) return baseUrl === undefined || isCloud(baseUrl);
  return new URL(baseUrl).host === new URL(provider.baseUrl ?? '').host;
}

function isCloud(baseUrl: string): boolean {
  return /(^|\.)(amazonaws\.com|googleapis\.com|azure\.com|microsoft\.com)$/.test(new URL(baseUrl).hostname);
}

function readAuth(
  id: string,
  config: HostConfig,
  sources: { secrets: SecretSources; keyEnv: readonly string[] },
): HostAuth {
  const { secrets } = sources;
  const read = (reference: string): string => readSecret(reference, secrets) ?? '';
  const { auth } = config;
  switch (auth?.type) {
    case 'aws':
      return {
        type: 'aws',
        region: auth.region,
        accessKeyId: read(auth.accessKeyId),
        secretAccessKey: read(auth.secretAccessKey),
        ...(auth.sessionToken !== undefined && { sessionToken: read(auth.sessionToken) }),
      };
    case 'google':
      return {
        type: 'google',
        ...readServiceAccount(id, read(auth.credentials)),
        project: auth.project,
        location: auth.location,
        tokenUrl: auth.tokenUrl,
      };
    case 'azure':
      return {
        type: 'azure',
        apiVersion: auth.apiVersion,
        ...(auth.apiKey !== undefined && { apiKey: read(auth.apiKey) }),
        ...(auth.bearer !== undefined && { bearer: read(auth.bearer) }),
      };
    default: {
      const apiKey = config.apiKey === undefined ? firstSet(sources.keyEnv, secrets.environment) : read(config.apiKey);
      return apiKey ? { type: 'api-key', apiKey } : { type: 'none' };
    }
  }
}

function readServiceAccount(id: string, text: string): { clientEmail: string; privateKey: string } {
  try {
    const account: unknown = JSON.parse(text);
    if (typeof account === 'object' && account !== null && 'client_email' in account && 'private_key' in account) {
      return { clientEmail: String(account.client_email), privateKey: String(account.private_key) };
    }
  } catch {
    // Told below, without the text: it is a secret.
  }
  throw problem(id, 'auth.credentials', 'is not a service account key (JSON with client_email and private_key)');
}

function cloudBaseUrl(protocol: HostProtocol, auth: HostAuth): string | undefined {
  if (protocol === 'bedrock' && auth.type === 'aws') return `https://bedrock-runtime.${auth.region}.amazonaws.com`;
  if (protocol === 'vertex' && auth.type === 'google') {
    const prefix = auth.location === 'global' ? '' : `${auth.location}-`;
    return `https://${prefix}aiplatform.googleapis.com/v1`;
  }
  return undefined;
}

function firstSet(names: readonly string[], environment: SecretSources['environment']): string | undefined {
  for (const name of names) {
    const value = environment[name]?.trim();
    if (value) return value;
  }
  return undefined;
}

function problem(id: string, field: string, message: string): Fault {
  return new Fault('invalid_request', { message: `hosts.${id}.${field} ${message}`, param: `hosts.${id}.${field}` });
}
