import type { IncomingHttpHeaders } from 'node:http';
import type { EgressPolicy } from './egress-policy.ts';

const hops = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
]);

/** Headers in which clients of model providers send their keys. */
const keyHeaders = ['authorization', 'x-api-key', 'x-goog-api-key', 'api-key'];

/** Headers that a connection names for itself; most name nothing but whether it stays open. */
function namedHops(connection: string | undefined): readonly string[] | undefined {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return undefined;
  return connection
    .toLowerCase()
    .split(',')
    .map((one) => one.trim());
}

/** Headers that concern one connection only, with those that it names itself, are not passed on. */
export function withoutHops(headers: IncomingHttpHeaders): { [name: string]: string | string[] } {
  const named = namedHops(headers.connection);
  const kept: { [name: string]: string | string[] } = {};
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined || hops.has(name) || named?.includes(name) === true) continue;
    kept[name] = value;
  }
  return kept;
}

/**
 * A guest cannot put a secret into a tunnel that it has not got, so it asks for the host by plain http, and the proxy
 * goes on over TLS: what it adds is for a connection that nobody on the way can read.
 */
export function securedUrl({ headers }: Pick<EgressPolicy, 'headers'>, url: URL): URL {
  const hasSecret = headers.some(({ host }) => host.toLowerCase() === url.hostname.toLowerCase());
  if (!hasSecret || url.protocol === 'https:') return url;
  const secured = new URL(url);
  secured.protocol = 'https:';
  return secured;
}

/** Headers for a host: the guest's own without what is ours to say, and the policy's for this very host. */
export function outboundHeaders(
  headers: IncomingHttpHeaders,
  { policy, url, isService }: { readonly policy: EgressPolicy; readonly url: URL; readonly isService: boolean },
): { [name: string]: string | string[] } {
  const sent = withoutHops(headers);
  for (const name of Object.keys(sent)) if (name.startsWith('x-switchyard-')) delete sent[name];
  sent['host'] = url.host;
  if (isService) for (const name of keyHeaders) delete sent[name];
  // A header with a secret is for a connection that nobody on the way can read.
  if (!isService && url.protocol !== 'https:') return sent;
  for (const { host, name, value } of policy.headers) {
    if (host.toLowerCase() === url.hostname.toLowerCase()) sent[name.toLowerCase()] = value;
  }
  return sent;
}
