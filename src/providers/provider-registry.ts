import type { HostProtocol } from '../domain/calls/dialect.ts';
import type { Provider } from './contract.ts';
import { defineProvider } from './define-provider.ts';
import { outboundWires } from './encode/wires.ts';
import type { ProviderDefinition } from './provider-definition.ts';
import { providerDefinitions } from './registry.gen.ts';
import { Signer } from './sign/signer.ts';
import type { GoogleTokenDependencies } from './sign/google-tokens.ts';

/** Names a host of the configuration. */
export interface HostName {
  readonly id: string;
  readonly protocol?: HostProtocol | undefined;
}

/** Every provider we know. */
export interface ProviderRegistry {
  getProvider(id: string): Provider | undefined;
  /**
   * The provider whose quirks hold for a configured host: the one of that name if it speaks the protocol, else the
   * protocol's generic one. Undefined only for an unknown name without a protocol.
   */
  findProviderForHost(host: HostName): Provider | undefined;
  /** The named providers, generic ones left out. */
  listProviders(): readonly Provider[];
}

/** What providers depend on; tests may bring definitions of their own. */
export interface ProviderDependencies extends GoogleTokenDependencies {
  readonly definitions?: readonly ProviderDefinition[];
}

/** Id of the provider that stands for unknown hosts of a protocol. */
function genericProviderId(protocol: HostProtocol): string {
  return `generic-${protocol}`;
}

/** Builds the providers; one set per process, since it caches the access tokens of cloud accounts. */
export function createProviderRegistry(dependencies: ProviderDependencies): ProviderRegistry {
  const signer = new Signer(dependencies);
  const definitions = dependencies.definitions ?? providerDefinitions;
  const providers = new Map<string, Provider>();
  for (const definition of definitions) {
    if (providers.has(definition.id)) throw new Error(`two providers are called ${definition.id}`);
    providers.set(definition.id, defineProvider(definition, { wires: outboundWires, signer }));
  }
  const named = definitions.flatMap(({ id, generic = false }) => (generic ? [] : (providers.get(id) ?? [])));
  return {
    getProvider: (id) => providers.get(id),
    findProviderForHost({ id, protocol }) {
      const known = providers.get(id);
      if (known !== undefined && (protocol === undefined || known.protocol === protocol)) return known;
      return protocol === undefined ? undefined : providers.get(genericProviderId(protocol));
    },
    listProviders: () => named,
  };
}
