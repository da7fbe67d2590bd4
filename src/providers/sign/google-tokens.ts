import { type Dispatcher, request } from 'undici';
import type { HostAuth } from '../../domain/calls/endpoint.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { Clock } from '../../platform/clock.ts';
import { isObject } from '../../protocols/index.ts';

/** Credentials of a Google service account. */
export type GoogleAuth = Extract<HostAuth, { type: 'google' }>;

/** What fetching tokens depends on. */
export interface GoogleTokenDependencies {
  readonly clock: Clock;
  /** Way out, for proxies and own certificate authorities. */
  readonly dispatcher?: Dispatcher;
}

interface CachedToken {
  readonly value: string;
  readonly expiresAtMs: number;
}

const scope = 'https://www.googleapis.com/auth/cloud-platform';
const assertionLifetimeS = 3600;
/** A token this near its end is no longer sent. */
const marginMs = 30_000;
/** A token this near its end is still sent while a new one is fetched, so that no request waits for it. */
const refreshAheadMs = 5 * 60_000;
const fetchTimeoutMs = 10_000;
const maxTokenBytes = 64 * 1024;
/** More service accounts than that in one process: the oldest is fetched again. */
const maxAccounts = 256;

/** Access tokens of Google service accounts: cached, fetched once however many wait, renewed before they expire. */
export class GoogleTokens {
  readonly #clock: Clock;
  readonly #dispatcher: Dispatcher | undefined;
  readonly #tokens = new Map<string, CachedToken>();
  readonly #fetches = new Map<string, Promise<string>>();

  constructor({ clock, dispatcher }: GoogleTokenDependencies) {
    this.#clock = clock;
    this.#dispatcher = dispatcher;
  }

  /** A token that is still good for a while; a promise only when it must be fetched. */
  tokenFor(auth: GoogleAuth): string | Promise<string> {
    const key = `${auth.tokenUrl}\n${auth.clientEmail}\n${auth.privateKey}`;
    const cached = this.#tokens.get(key);
    const leftMs = cached === undefined ? 0 : cached.expiresAtMs - this.#clock.nowMs();
    if (cached === undefined || leftMs <= marginMs) return this.#fetchOnce(key, auth);
    if (leftMs <= refreshAheadMs) {
      // Nobody waits for this one: when it fails, the next request tries again, and the last of them reports it.
      this.#fetchOnce(key, auth).catch(() => undefined);
    }
    return cached.value;
  }

  #fetchOnce(key: string, auth: GoogleAuth): Promise<string> {
    const running = this.#fetches.get(key);
    if (running !== undefined) return running;
    const fetch = this.#fetch(auth)
      .then((token) => {
        this.#remember(key, token);
        return token.value;
      })
      .finally(() => this.#fetches.delete(key));
    this.#fetches.set(key, fetch);
    return fetch;
  }

  #remember(key: string, token: CachedToken): void {
    this.#tokens.delete(key);
    const oldest = this.#tokens.keys().next();
    if (this.#tokens.size >= maxAccounts && oldest.done !== true) this.#tokens.delete(oldest.value);
    this.#tokens.set(key, token);
  }

  async #fetch(auth: GoogleAuth): Promise<CachedToken> {
    const assertion = await this.#assertionOf(auth);
    try {
      const answer = await request(auth.tokenUrl, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({
          grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
          assertion,
        }).toString(),
        headersTimeout: fetchTimeoutMs,
        bodyTimeout: fetchTimeoutMs,
        ...(this.#dispatcher === undefined ? {} : { dispatcher: this.#dispatcher }),
      });
      const text = await readBounded(answer.body);
      if (answer.statusCode !== 200) throw refused(answer.statusCode);
      return this.#readToken(text);
    } catch (error) {
      if (Fault.is(error)) throw error;
      throw new Fault('upstream_unreachable', { message: 'The token endpoint could not be reached.', cause: error });
    }
  }

  async #assertionOf(auth: GoogleAuth): Promise<string> {
    // Loaded with the first token: most gateways send nothing to Google's clouds.
    const { importPKCS8, SignJWT } = await import('jose');
    const nowS = Math.floor(this.#clock.nowMs() / 1000);
    try {
      const key = await importPKCS8(auth.privateKey, 'RS256');
      return await new SignJWT({ scope })
        .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
        .setIssuer(auth.clientEmail)
        .setAudience(auth.tokenUrl)
        .setIssuedAt(nowS)
        .setExpirationTime(nowS + assertionLifetimeS)
        .sign(key);
    } catch {
      // The library's error is not kept: it may quote the key.
      throw new Fault('upstream_auth', { detail: 'the private key of the service account is not valid PKCS#8' });
    }
  }

  #readToken(text: string): CachedToken {
    const body = parseJson(text);
    const value = isObject(body) ? body['access_token'] : undefined;
    const lifetimeS = isObject(body) ? body['expires_in'] : undefined;
    if (typeof value !== 'string' || typeof lifetimeS !== 'number') {
      throw noToken();
    }
    return { value, expiresAtMs: this.#clock.nowMs() + lifetimeS * 1000 };
  }
}

function noToken(): Fault {
  return new Fault('upstream_malformed', { message: 'The token endpoint answered without a token.' });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // the caller finds no token in it
  }
}

function refused(status: number): Fault {
  const code = status >= 500 || status === 429 ? 'upstream_error' : 'upstream_auth';
  return new Fault(code, { upstreamStatus: status, detail: `the token endpoint answered with status ${status}` });
}

async function readBounded(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxTokenBytes) throw noToken();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
