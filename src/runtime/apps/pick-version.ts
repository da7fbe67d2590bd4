import { createHash } from 'node:crypto';
import type { LiveAlias } from './app-directory.ts';
import type { LiveVersion } from './live-version.ts';

/**
 * The version for a request. The same key falls on the same side for as long as the share stays, and a greater share
 * only adds keys: nobody goes back and forth while a canary grows.
 */
export function pickVersion({ stable, canary, alias }: LiveAlias, key: () => string): LiveVersion {
  if (canary === undefined) return stable;
  const digest = createHash('sha256').update(`${alias.app}\n${canary.version.version}\n${key()}`).digest();
  return digest.readUInt32BE(0) / 0x1_0000_0000 < canary.share ? canary.version : stable;
}
