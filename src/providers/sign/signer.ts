import type { Endpoint } from '../../domain/calls/endpoint.ts';
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

/** Written out field by field: on every request, spreads into larger objects cost several times as much. */
function withKey(
  { method, origin, path, headers, body }: UpstreamRequest,
  keyHeader: KeyHeader,
  key: string,
): UpstreamRequest {
  const signed: Record<string, string> = { ...headers };
  switch (keyHeader) {
    case 'bearer':
      signed['authorization'] = `Bearer ${key}`;
      break;
    case 'x-api-key':
      signed['x-api-key'] = key;
      break;
    case 'x-goog-api-key':
      signed['x-goog-api-key'] = key;
      break;
    case 'api-key':
      signed['api-key'] = key;
  }
  return { method, origin, path, headers: signed, body };
}
