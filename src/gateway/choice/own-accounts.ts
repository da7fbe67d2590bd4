import type { ResolvedModel } from '../../catalog/index.ts';
import type { Endpoint, Host, HostAuth } from '../../domain/calls/endpoint.ts';

/** Whose customers' own accounts at hosts are known, with the keys to them. */
export interface AccountKeys {
  /** Hosts at which a customer has an account of its own; undefined for the many that have none. */
  hostsOf(customer: string): ReadonlyMap<string, AccountKey> | undefined;
}

/** The key to one account; undefined when it cannot be read, so that nothing may go there. */
export interface AccountKey {
  readonly secret: string | undefined;
}

/**
 * Sends calls of customers that bring keys of their own to the accounts behind them. Such an account is a host of its
 * own, `openai@acme`: what it refuses, or has used up, closes nothing for others, and its bill is the customer's.
 */
export class OwnAccounts {
  readonly #keys: AccountKeys;
  /** As long as keys and endpoints live, each endpoint has one twin per account: pools and circuits are found by them. */
  readonly #endpoints = new WeakMap<AccountKey, WeakMap<Endpoint, Endpoint>>();
  readonly #hosts = new WeakMap<AccountKey, WeakMap<Host, Host>>();

  constructor(keys: AccountKeys) {
    this.#keys = keys;
  }

  /** The same models, at the customer's own accounts where it has them; nothing else serves it at those hosts. */
  at(customer: string, models: readonly ResolvedModel[]): readonly ResolvedModel[] {
    const hosts = this.#keys.hostsOf(customer);
    if (hosts === undefined) return models;
    return models.map((model) => ({
      ...model,
      endpoints: model.endpoints.flatMap((endpoint) => {
        const key = hosts.get(endpoint.host.id);
        return key === undefined ? endpoint : (this.#endpointAt(customer, endpoint, key) ?? []);
      }),
    }));
  }

  #endpointAt(customer: string, endpoint: Endpoint, key: AccountKey): Endpoint | undefined {
    const twins = madeOnce(this.#endpoints, key, () => new WeakMap<Endpoint, Endpoint>());
    const known = twins.get(endpoint);
    if (known) return known;
    const auth = key.secret === undefined ? undefined : authWith(endpoint.host.auth, key.secret);
    if (auth === undefined) return undefined;
    const hosts = madeOnce(this.#hosts, key, () => new WeakMap<Host, Host>());
    const id = `${endpoint.host.id}@${customer}`;
    const host = madeOnce(hosts, endpoint.host, () => ({ ...endpoint.host, id, auth }));
    const twin: Endpoint = { ...endpoint, id: `${id}/${endpoint.upstreamModel}`, host, ownAccount: true };
    twins.set(endpoint, twin);
    return twin;
  }
}

/** The host that an account is at: `openai` for `openai@acme`. */
export function hostOfAccount(hostId: string): string {
  const end = hostId.indexOf('@');
  return end < 0 ? hostId : hostId.slice(0, end);
}

/** One key is all a customer gives: hosts that want more cannot be used with it. */
function authWith(auth: HostAuth, secret: string): HostAuth | undefined {
  switch (auth.type) {
    case 'none':
    case 'api-key':
      return { type: 'api-key', apiKey: secret };
    case 'azure':
      return { type: 'azure', apiVersion: auth.apiVersion, apiKey: secret };
    case 'aws':
    case 'google':
      return undefined;
  }
}

function madeOnce<Key extends object, Value>(made: WeakMap<Key, Value>, key: Key, make: () => Value): Value {
  const known = made.get(key);
  if (known !== undefined) return known;
  const value = make();
  made.set(key, value);
  return value;
}
