import { hash, timingSafeEqual } from 'node:crypto';
import { type LoadedConfig, readSecret } from '../config/index.ts';
import { type Key, modelMatcher } from './key.ts';

/** The keys of one configuration snapshot. */
export interface KeyRing {
  /** Undefined for unknown secrets. */
  find(secret: string): Key | undefined;
  /** Without any key the first minute is free, on loopback only. */
  readonly isEmpty: boolean;
}

/** Stands in while no key exists: loopback clients of the same machine. */
export const localKey: Key = {
  name: 'local',
  customer: 'default',
  models: ['*'],
  metered: true,
  onClientGone: 'cancel',
  limits: {},
  cache: 'off',
  storeResponses: true,
  mayUse: () => true,
};

/**
 * Holds keys by the digest of their secret: secrets do not stay in memory, and looking one up takes no longer for a
 * nearly right one.
 */
export function buildKeyRing(loaded: LoadedConfig): KeyRing {
  const byDigest = new Map<string, { digest: Buffer; key: Key }>();
  for (const config of loaded.config.keys) {
    const secret = readSecret(config.secret, loaded.secrets);
    if (secret === undefined) continue;
    const digest = digestOf(secret);
    const { name, customer, models, metered, onClientGone, limits, cache, storeResponses } = config;
    const key = {
      name,
      customer,
      models,
      metered,
      onClientGone,
      limits,
      cache,
      storeResponses,
      mayUse: modelMatcher(models),
    };
    byDigest.set(digest.toString('latin1'), { digest, key });
  }
  return {
    find(secret) {
      const digest = digestOf(secret);
      const found = byDigest.get(digest.toString('latin1'));
      return found && timingSafeEqual(found.digest, digest) ? found.key : undefined;
    },
    isEmpty: loaded.config.keys.length === 0,
  };
}

function digestOf(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}
