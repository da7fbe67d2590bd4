import { hash, randomBytes } from 'node:crypto';

/** A secret as it is shown, once, and what is kept of it. */
export interface MintedSecret {
  readonly secret: string;
  readonly digest: string;
  /** The first characters, to tell secrets apart in lists. */
  readonly prefix: string;
}

const secretBytes = 32;
const shownAfterMark = 6;

/** Makes a secret of 256 random bits behind a mark that tells what it is. */
export function mintSecret(mark: 'sk-sy-' | 'sy-token-'): MintedSecret {
  const secret = `${mark}${randomBytes(secretBytes).toString('base64url')}`;
  return { secret, digest: digestOfSecret(secret), prefix: secret.slice(0, mark.length + shownAfterMark) };
}

/** Under what a secret is kept: guessing 256 random bits needs no slow hash. */
function digestOfSecret(secret: string): string {
  return hash('sha256', secret, 'hex');
}
