import type { Config, LoadedConfig } from '../config/index.ts';
import type { Host } from '../domain/calls/endpoint.ts';
import { buildHosts, hostFromEnvironment, type KnownProvider } from './build-hosts.ts';
import type { LocalHost } from './discover-local-hosts.ts';

/** A provider, and whether it is a server on this machine. */
export interface LocalProvider extends KnownProvider {
  readonly local: boolean;
}

/** Where servers on this machine may be: at their configured address, else at their default one. */
export function localHosts(loaded: LoadedConfig, providers: readonly LocalProvider[]): Host[] {
  if (!loaded.config.discovery.local) return [];
  const known = buildHosts(loaded, providers);
  return providers.flatMap((provider) => {
    if (!provider.local) return [];
    const host = known.get(provider.id) ?? defaultHost(provider);
    return host?.protocol === provider.protocol ? [host] : [];
  });
}

/**
 * Configured hosts, those whose key is in the environment, and local servers: the ones that were found, and those the
 * configuration names, which may come up later.
 */
export function buildAllHosts(
  loaded: LoadedConfig,
  providers: readonly LocalProvider[],
  found: readonly LocalHost[],
): Map<string, Host> {
  const hosts = buildHosts(loaded, providers);
  for (const { host } of found) if (!hosts.has(host.id)) hosts.set(host.id, host);
  const named = namedHosts(loaded.config);
  for (const provider of providers) {
    if (!provider.local || hosts.has(provider.id) || !named.has(provider.id)) continue;
    const host = defaultHost(provider);
    if (host) hosts.set(provider.id, host);
  }
  return hosts;
}

function defaultHost(provider: LocalProvider): Host | undefined {
  return provider.baseUrl === undefined ? undefined : hostFromEnvironment(provider, provider.baseUrl, undefined);
}

/** Whatever stands before a slash in a model name may be a host. */
function namedHosts({ models, aliases, jobs }: Config): ReadonlySet<string> {
  const names = new Set<string>();
  const note = (name: string): void => void names.add(name.split('/', 1)[0] ?? name);
  for (const { endpoints, fallback } of Object.values(models)) {
    for (const { host } of endpoints) names.add(host);
    fallback.forEach(note);
  }
  Object.values(aliases).forEach(note);
  for (const job of Object.values(jobs)) job.models.forEach(note);
  return names;
}
