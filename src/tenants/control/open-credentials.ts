import type { ControlSnapshot } from './control-snapshot.ts';
import { sealPurpose } from './provider-credentials.ts';
import type { Sealer } from './sealer.ts';

/** A customer's own key for a host; without its secret when the seal does not open here. */
export interface OpenedCredential {
  readonly secret: string | undefined;
}

/** Customers' own keys by customer and host. */
export type OpenedCredentials = ReadonlyMap<string, ReadonlyMap<string, OpenedCredential>>;

/**
 * Opens the customers' own provider keys of a snapshot. Those that did not change stay the same objects: what is kept by
 * them, as connections and circuits, outlives changes of something else.
 */
export class CredentialOpener {
  readonly #sealer: () => Sealer;
  readonly #failed: (credential: { readonly customer: string; readonly host: string }) => void;
  #opened = new Map<string, OpenedCredential>();

  constructor(deps: {
    sealer(): Sealer;
    /** Told of each credential that cannot be opened. */
    failed(credential: { readonly customer: string; readonly host: string }): void;
  }) {
    this.#sealer = deps.sealer;
    this.#failed = deps.failed;
  }

  open({ credentials }: Pick<ControlSnapshot, 'credentials'>): OpenedCredentials {
    const kept = new Map<string, OpenedCredential>();
    const byCustomer = new Map<string, Map<string, OpenedCredential>>();
    for (const { customer, host, sealed } of credentials) {
      const name = `${customer}\n${host}\n${sealed}`;
      const opened = this.#opened.get(name) ?? this.#openOne(customer, host, sealed);
      kept.set(name, opened);
      const hosts = byCustomer.get(customer) ?? new Map<string, OpenedCredential>();
      byCustomer.set(customer, hosts.set(host, opened));
    }
    this.#opened = kept;
    return byCustomer;
  }

  #openOne(customer: string, host: string, sealed: string): OpenedCredential {
    try {
      return { secret: this.#sealer().open(sealed, sealPurpose(customer, host)) };
    } catch {
      // Sealed with the key of another data folder. What the library says of it could quote the secret.
      this.#failed({ customer, host });
      return { secret: undefined };
    }
  }
}
