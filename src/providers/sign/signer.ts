import type { Endpoint } from '../../domain/endpoint.ts';
import type { UpstreamRequest } from '../contract.ts';
import type { KeyHeader } from '../provider-definition.ts';
import { AwsSigner } from './sign-aws.ts';
import { GoogleTokens, type GoogleTokenDependencies } from './google-tokens.ts';

/** Adds a host's credentials to requests, whatever their kind. Holds the only state of the providers: fetched tokens. */
export class Signer {
  readonly #aws: AwsSigner;
  readonly #google: GoogleTokens;

  constructor(dependencies: GoogleTokenDependencies) {
    this.#aws = new AwsSigner(dependencies.clock);
    this.#google = new GoogleTokens(dependencies);
  }

  sign(
    request: UpstreamRequest,
    { host: { auth } }: Endpoint,
    keyHeader: KeyHeader,
  ): UpstreamRequest | Promise<UpstreamRequest> {
    switch (auth.type) {
      case 'none':
        return request;
      case 'api-key':
        return withKey(request, keyHeader, auth.apiKey);
      case 'azure':
        if (auth.apiKey !== undefined) return withKey(request, 'api-key', auth.apiKey);
        return auth.bearer === undefined ? request : withKey(request, 'bearer', auth.bearer);
      case 'aws':
        return this.#aws.sign(request, auth);
      case 'google': {
        const token = this.#google.tokenFor(auth);
        if (typeof token === 'string') return withKey(request, 'bearer', token);
        return token.then((value) => withKey(request, 'bearer', value));
      }
    }
  }
}

/** Written out per header: an object with a computed key costs several times as much, on every request. */
function withKey(request: UpstreamRequest, keyHeader: KeyHeader, key: string): UpstreamRequest {
  const { headers } = request;
  switch (keyHeader) {
    case 'bearer':
      return { ...request, headers: { ...headers, authorization: `Bearer ${key}` } };
    case 'x-api-key':
      return { ...request, headers: { ...headers, 'x-api-key': key } };
    case 'x-goog-api-key':
      return { ...request, headers: { ...headers, 'x-goog-api-key': key } };
    case 'api-key':
      return { ...request, headers: { ...headers, 'api-key': key } };
  }
}
