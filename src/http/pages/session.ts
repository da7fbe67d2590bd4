import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const algorithm = 'aes-256-gcm';
const ivBytes = 12;
const tagBytes = 16;
const lifetimeMs = 12 * 3_600_000;

/** Name of the cookie that a signed-in browser sends. */
export const sessionCookie = 'switchyard_session';

/**
 * Sessions without a table: the cookie holds the token itself, sealed with a key derived from the owner token. Every
 * view looks the token up again, so that a revoked one ends at once, on every replica; a new owner token ends all.
 */
export class Sessions {
  readonly #key: Buffer;

  constructor(ownerToken: string) {
    this.#key = Buffer.from(hkdfSync('sha256', ownerToken, 'switchyard', 'page session', 32));
  }

  /** Seals a token until its end. */
  seal(token: string, nowMs: number): string {
    const iv = randomBytes(ivBytes);
    const cipher = createCipheriv(algorithm, this.#key, iv);
    const plain = JSON.stringify([token, nowMs + lifetimeMs]);
    const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url');
  }

  /** The token of a cookie; undefined for anything that we did not seal, or that is over. */
  open(cookie: string, nowMs: number): string | undefined {
    const bytes = Buffer.from(cookie.slice(0, 4096), 'base64url');
    if (bytes.length <= ivBytes + tagBytes) return undefined;
    try {
      const decipher = createDecipheriv(algorithm, this.#key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes });
      decipher.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
      const plain = Buffer.concat([decipher.update(bytes.subarray(ivBytes + tagBytes)), decipher.final()]);
      const [token, untilMs] = JSON.parse(plain.toString('utf8')) as readonly [string, number];
      return nowMs < untilMs ? token : undefined;
    } catch {
      // Somebody else's bytes: the tag does not fit.
      return undefined;
    }
  }
}
