import type { IncomingHttpHeaders } from 'node:http';
import { Fault } from '../../domain/fault.ts';
import { type Key, type KeyRing, localKey } from '../../tenants/index.ts';

const loopbackNames: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Finds the key of a request, or refuses it. Without any key, only this machine's own programs are let in. */
export function identify(headers: IncomingHttpHeaders, query: string, ring: KeyRing): Key | Fault {
  if (ring.isEmpty) return admitKeyless(headers);
  const secret = readSecret(headers, query);
  if (secret === undefined) {
    const message = 'No key was sent. Send it as "Authorization: Bearer …", "x-api-key" or "x-goog-api-key".';
    return new Fault('key_invalid', { message });
  }
  return ring.find(secret) ?? new Fault('key_invalid', { message: 'The key is unknown or revoked.' });
}

function readSecret(headers: IncomingHttpHeaders, query: string): string | undefined {
  const { authorization } = headers;
  if (authorization !== undefined && /^bearer /i.test(authorization)) return authorization.slice(7).trim();
  const named = headers['x-api-key'] ?? headers['x-goog-api-key'] ?? headers['api-key'];
  if (typeof named === 'string' && named !== '') return named;
  return query.includes('key=') ? (new URLSearchParams(query).get('key') ?? undefined) : undefined;
}

/**
 * The first minute works without a key, and still no web page can use it: a foreign page betrays itself by its Origin
 * or Sec-Fetch-Site, and a rebound DNS name by the Host it sends.
 */
function admitKeyless(headers: IncomingHttpHeaders): Key | Fault {
  const host = headers.host ?? '';
  const name = host.replace(/:\d+$/, '').toLowerCase();
  if (!loopbackNames.has(name)) {
    return new Fault('not_allowed', {
      message: 'Without keys only loopback clients are served. Configure a key to use other addresses.',
    });
  }
  const site = headers['sec-fetch-site'];
  const isForeign = site === 'cross-site' || site === 'same-site';
  if (isForeign || !isSameOrigin(headers.origin, host)) {
    return new Fault('not_allowed', {
      message: 'Web pages may not use a gateway without keys. Configure a key and CORS.',
    });
  }
  return localKey;
}

function isSameOrigin(origin: string | undefined, host: string): boolean {
  return origin === undefined || origin === `http://${host}` || origin === `https://${host}`;
}
