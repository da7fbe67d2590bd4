/** What verifies the short-lived tokens that a customer's backend signs. */
export interface TokenSigner {
  readonly id: string;
  readonly customer: string;
  readonly key: string;
  readonly algorithm: 'HS256' | 'EdDSA';
  readonly status: 'active' | 'revoked';
  readonly createdAtMs: number;
}

/** A signer to make: with a secret made there, or with the customer's own Ed25519 key. */
export interface TokenSignerInput {
  readonly key: string;
  readonly publicJwk?: { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string } | undefined;
}

/** A customer's own key at a host, without its secret. */
export interface ProviderCredential {
  readonly customer: string;
  readonly host: string;
  readonly hint: string;
  readonly updatedAtMs: number;
}
