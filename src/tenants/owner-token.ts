import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMissing } from '../platform/read-optional-file.ts';

/** The operator's credential for the control API. */
export interface OwnerToken {
  readonly token: string;
  /** Made just now: to be shown once. */
  readonly isNew: boolean;
  /** Where it is kept; undefined when it came from the environment. */
  readonly file: string | undefined;
}

/** Takes the token from the environment, else from `<data>/owner-token`, else makes one there with mode 0600. */
export function readOwnerToken(dataDirectory: string, fromEnvironment: string | undefined): OwnerToken {
  const given = fromEnvironment?.trim();
  if (given) return { token: given, isNew: false, file: undefined };
  const file = join(dataDirectory, 'owner-token');
  const kept = readKept(file);
  if (kept !== undefined) return { token: kept, isNew: false, file };
  const token = `swo_${randomBytes(24).toString('base64url')}`;
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
  writeFileSync(file, `${token}\n`, { mode: 0o600 });
  return { token, isNew: true, file };
}

/** Compares a presented token in constant time. */
export function ownerTokenMatcher(token: string): (presented: string) => boolean {
  const digest = createHash('sha256').update(token).digest();
  return (presented) => timingSafeEqual(createHash('sha256').update(presented).digest(), digest);
}

function readKept(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
