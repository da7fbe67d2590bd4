import type { IncomingHttpHeaders } from 'node:http';
import { Fault } from '../../domain/faults/fault.ts';
import { type Key, type KeyRing, localKey, TokenVerifier } from '../../tenants/index.ts';

const loopbackNames: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Whose requests are let in. */
export interface Callers {
  readonly keys: KeyRing;
  /** Absent where nobody can mint tokens. */
  readonly tokens?: Pick<TokenVerifier, 'verify'> | undefined;
}

/** Who sends a request. */
export interface Caller {
  readonly key: Key;
  /** The web page that its token was made for, which may read the answer. */
  readonly origin?: string | undefined;
}

/**
 * Finds out who sends a request, or refuses it. Without any key, only this machine's own programs are let in. A promise
 * only for a browser-safe token that was not seen before.
 */
export function identify(
  headers: IncomingHttpHeaders,
  query: string,
  { keys, tokens }: Callers,
): Caller | Fault | Promise<Caller | Fault> {
  if (keys.isEmpty) return asCaller(admitKeyless(headers));
  const secret = readSecret(headers, query);
  if (secret === undefined) {
    const message = 'No key was sent. Send it as "Authorization: Bearer …", "x-api-key" or "x-goog-api-key".';
    return new Fault('key_invalid', { message });
  }
  if (tokens !== undefined && TokenVerifier.isToken(secret)) return tokens.verify(secret, headers.origin);
  return asCaller(keys.find(secret) ?? new Fault('key_invalid', { message: 'The key is unknown or revoked.' }));
}

/** Whether a request brings a browser-safe token, valid or not. */
export function bringsToken(headers: IncomingHttpHeaders, query: string): boolean {
  return TokenVerifier.isToken(readSecret(headers, query) ?? '');
}

function asCaller(key: Key | Fault): Caller | Fault {
  return Fault.is(key) ? key : { key };
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
