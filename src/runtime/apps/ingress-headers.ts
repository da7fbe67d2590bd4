import type { IncomingMessage } from 'node:http';
import { withoutHops } from '../egress/outbound-headers.ts';
import { requestIdHeader } from '../functions/index.ts';
import type { AppAddress } from './app-label.ts';

/**
 * An app below `/a/` shares its origin with pages of our own. This makes the browser treat its pages as an origin of
 * their own, without cookies and without a way into ours; under a host of its own an app needs none of it.
 */
const pathPolicy =
  'sandbox allow-scripts allow-forms allow-popups allow-popups-to-escape-sandbox allow-modals allow-downloads';

/** Headers that every answer of an app carries. */
export function ownHeaders(
  request: IncomingMessage,
  { prefix }: AppAddress,
  requestId: string,
): { [name: string]: string } {
  if (prefix === '') return { [requestIdHeader]: requestId };
  const sealed = { [requestIdHeader]: requestId, 'content-security-policy': pathPolicy };
  if (request.headers.origin !== 'null') return sealed;
  // Pages of such an origin call their own app as if it were foreign; no cookie goes with it.
  return {
    ...sealed,
    'access-control-allow-origin': 'null',
    'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
    'access-control-allow-headers': request.headers['access-control-request-headers'] ?? '*',
    'access-control-expose-headers': '*',
    vary: 'origin',
  };
}

/** What a guest is told of a request: its headers, without those of the connection, of ours, and of our cookies. */
export function guestHeaders(
  request: IncomingMessage,
  {
    address,
    requestId,
    hiddenCookies,
  }: { readonly address: AppAddress; readonly requestId: string; readonly hiddenCookies: readonly string[] },
): { [name: string]: string | string[] } {
  const headers = withoutHops(request.headers);
  for (const name in headers) {
    // The first letters first: this is done for every header of every request.
    if (name.startsWith('x-') && (name.startsWith('x-switchyard-') || name.startsWith('x-forwarded-'))) {
      delete headers[name];
    }
  }
  if (headers['forwarded'] !== undefined) delete headers['forwarded'];
  if (headers['cookie'] !== undefined) {
    const cookie = withoutCookies(request.headers.cookie, hiddenCookies);
    if (cookie === undefined) delete headers['cookie'];
    else headers['cookie'] = cookie;
  }
  headers[requestIdHeader] = requestId;
  headers['host'] = request.headers.host ?? 'app';
  headers['x-forwarded-for'] = request.socket.remoteAddress ?? '';
  headers['x-forwarded-proto'] = 'encrypted' in request.socket ? 'https' : 'http';
  if (address.prefix !== '') headers['x-forwarded-prefix'] = address.prefix;
  return headers;
}

function withoutCookies(cookie: string | undefined, hidden: readonly string[]): string | undefined {
  if (cookie === undefined) return undefined;
  const kept = cookie.split(';').filter((one) => !hidden.includes(one.split('=', 1)[0]?.trim() ?? ''));
  return kept.length === 0 ? undefined : kept.join(';').trim();
}
