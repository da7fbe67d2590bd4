import type { ProviderCredential, TokenSigner, TokenSignerInput } from './credential-types.ts';
import type { ChangeOptions } from './tenants.ts';
import type { Caller } from './transport.ts';

const segment = encodeURIComponent;
const base = '/api/v1';

/** What verifies tokens of end users. */
export function tokenSignersOf(call: Caller) {
  const path = (id: string): string => `${base}/token-signers/${segment(id)}`;
  return {
    list: (customer: string) =>
      call<{ readonly data: readonly TokenSigner[] }>({ path: `${base}/customers/${segment(customer)}/token-signers` }),
    /** The secret is shown this once; null for a key of the customer's own. */
    create: (body: TokenSignerInput, options?: ChangeOptions) =>
      call<TokenSigner & { readonly secret: string | null }>({
        method: 'POST',
        path: `${base}/token-signers`,
        body,
        ...options,
      }),
    revoke: (id: string, options?: ChangeOptions) =>
      call<TokenSigner>({ method: 'POST', path: `${path(id)}/revoke`, ...options }),
    revokeToken: (
      id: string,
      body: { readonly tokenId: string; readonly expiresAtMs: number },
      options?: ChangeOptions,
    ) => call<undefined>({ method: 'POST', path: `${path(id)}/revoked-tokens`, body, ...options }),
  };
}

/** Customers' own keys at hosts; they can be replaced and removed, never read. */
export function providerCredentialsOf(call: Caller) {
  const path = (customer: string): string => `${base}/customers/${segment(customer)}/provider-credentials`;
  return {
    list: (customer: string) => call<{ readonly data: readonly ProviderCredential[] }>({ path: path(customer) }),
    set: (customer: string, body: { readonly host: string; readonly secret: string }, options?: ChangeOptions) =>
      call<ProviderCredential>({ method: 'POST', path: path(customer), body, ...options }),
    remove: (customer: string, body: { readonly host: string }, options?: ChangeOptions) =>
      call<undefined>({ method: 'POST', path: `${path(customer)}/remove`, body, ...options }),
  };
}
