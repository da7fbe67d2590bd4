import type { Endpoint, Host } from '../domain/calls/endpoint.ts';
import type { EndpointFacts } from './facts/catalog-facts.ts';

/** An endpoint of which nothing is known but where it is. */
export function directEndpoint(modelName: string, host: Host, upstreamModel: string): Endpoint {
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
export function regionOf({ auth }: Host): { readonly region?: string } {
  if (auth.type === 'aws') return { region: auth.region };
  return auth.type === 'google' ? { region: auth.location } : {};
}

/** What the catalog's own facts say that an endpoint costs; without facts the price is unknown. */
export function listPrice(facts: EndpointFacts | undefined): Pick<Endpoint, 'price' | 'isListPrice'> {
  return facts?.price ? { price: facts.price, isListPrice: true } : { price: undefined };
}

/** Only what the facts grant: a wrong no would refuse what the host would have done. */
export function grantedBy(facts: EndpointFacts | undefined): Endpoint['capabilities'] {
  const { capabilities = {} } = facts ?? {};
  return Object.fromEntries(Object.entries(capabilities).filter(([, value]) => value === true));
}
