import type { Host } from '../../domain/calls/endpoint.ts';

/** Where a host listens, split for the connection pool. */
export interface BaseUrl {
  readonly origin: string;
  readonly path: string;
}

/** Fills `{region}`, `{location}` and `{project}` of a base URL from the credentials and splits it. */
export function resolveBaseUrl({ baseUrl, auth }: Host): BaseUrl {
  const url = baseUrl.includes('{') ? fillPlaceholders(baseUrl, auth) : baseUrl;
  const slash = url.indexOf('/', url.indexOf('://') + 3);
  return slash < 0 ? { origin: url, path: '' } : { origin: url.slice(0, slash), path: url.slice(slash) };
}

function fillPlaceholders(baseUrl: string, auth: Host['auth']): string {
  switch (auth.type) {
    case 'aws':
      return baseUrl.replaceAll('{region}', auth.region);
    case 'google': {
      // The global location has no prefix of its own.
      const located = auth.location === 'global' ? baseUrl.replaceAll('{location}-', '') : baseUrl;
      return located.replaceAll('{location}', auth.location).replaceAll('{project}', auth.project);
    }
    default:
      return baseUrl.replaceAll('{location}-', '').replaceAll('{region}', 'us-east-1');
  }
}
