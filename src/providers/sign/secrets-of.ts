import type { Host } from '../../domain/calls/endpoint.ts';

const secretHeader = /auth|key|token|secret|cookie|credential|password/i;

/** Every secret configured for a host: what must not appear in any message. */
export function secretsOf({ auth, headers }: Host): readonly string[] {
  const fromHeaders = Object.entries(headers).flatMap(([name, value]) => (secretHeader.test(name) ? [value] : []));
  return [...secretsOfAuth(auth), ...fromHeaders];
}

function secretsOfAuth(auth: Host['auth']): readonly string[] {
  switch (auth.type) {
    case 'none':
      return [];
    case 'api-key':
      return [auth.apiKey];
    case 'aws':
      return [auth.secretAccessKey, auth.accessKeyId, ...(auth.sessionToken === undefined ? [] : [auth.sessionToken])];
    case 'google':
      return [auth.privateKey];
    case 'azure':
      return [auth.apiKey, auth.bearer].filter((secret) => secret !== undefined);
  }
}
