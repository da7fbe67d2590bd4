import { hash, timingSafeEqual } from 'node:crypto';
import { type LoadedConfig, readSecret } from '../config/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { ControlSnapshot, SnapshotCustomer, SnapshotKey } from './control/control-snapshot.ts';
import { type Key, modelMatcher } from './key.ts';

/** The keys of one configuration and one snapshot of the database. */
export interface KeyRing {
  /** Undefined for unknown secrets. */
  find(secret: string): Key | undefined;
  /** By name, whatever the secret; for tokens that act as a key. */
  named(name: string): Key | undefined;
  /** As long as no key was ever made the first minute is free, on loopback only. */
  readonly isEmpty: boolean;
}

/** What a ring is made of besides the configuration file. */
export interface KeyRingSources {
  readonly snapshot?: ControlSnapshot | undefined;
  /** Needed for keys that expire. */
  readonly clock?: Clock | undefined;
}

interface Entry {
  readonly digest: Buffer;
  readonly key: Key;
  /** End of the key, or of a rotated secret's overlap. */
  readonly expiresAtMs: number;
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
 * nearly right one. Keys of customers that are suspended or closed are not found.
 */
export function buildKeyRing(loaded: LoadedConfig, { snapshot, clock }: KeyRingSources = {}): KeyRing {
  const byDigest = new Map<string, Entry>();
  const byName = new Map<string, Entry>();
  const customers = new Map(snapshot?.customers.map((customer) => [customer.id, customer]));
  const add = (key: Key, digest: Buffer, expiresAtMs: number): void => {
    const entry = { digest, key, expiresAtMs };
    byDigest.set(digest.toString('latin1'), entry);
    const known = byName.get(key.name);
    if (known === undefined || known.expiresAtMs < expiresAtMs) byName.set(key.name, entry);
  };
  for (const row of snapshot?.keys ?? []) {
    const key = keyOfSnapshot(row, customers.get(row.customer));
    if (key === undefined) continue;
    for (const { digest, expiresAtMs } of row.secrets) {
      add(key, Buffer.from(digest, 'hex'), Math.min(expiresAtMs ?? Infinity, row.expiresAtMs ?? Infinity));
    }
  }
  for (const [key, digest] of keysOfConfig(loaded, customers)) add(key, digest, Infinity);
  const current = (entry: Entry | undefined): Key | undefined => {
    if (entry === undefined) return undefined;
    if (entry.expiresAtMs !== Infinity && (clock === undefined || clock.nowMs() >= entry.expiresAtMs)) return undefined;
    return entry.key;
  };
  return {
    find(secret) {
      const digest = digestOf(secret);
      const found = byDigest.get(digest.toString('latin1'));
      return found && timingSafeEqual(found.digest, digest) ? current(found) : undefined;
    },
    named: (name) => current(byName.get(name)),
    isEmpty: loaded.config.keys.length === 0 && (snapshot?.keys.length ?? 0) === 0 && snapshot?.hasHadKeys !== true,
  };
}

function* keysOfConfig(
  loaded: LoadedConfig,
  customers: ReadonlyMap<string, SnapshotCustomer>,
): Generator<[Key, Buffer]> {
  const configured = new Map(loaded.config.customers.map((customer) => [customer.name, customer]));
  for (const config of loaded.config.keys) {
    const secret = readSecret(config.secret, loaded.secrets);
    if (secret === undefined || customers.get(config.customer)?.isActive === false) continue;
    const { name, customer, models, metered, onClientGone, limits, cache, storeResponses, project } = config;
    const allowed = configured.get(customer)?.models ?? customers.get(customer)?.models;
    yield [
      {
        name,
        customer,
        models,
        metered,
        onClientGone,
        limits,
        cache,
        storeResponses,
        ...(project !== undefined && { project }),
        mayUse: bothAllow(models, allowed),
      },
      digestOf(secret),
    ];
  }
}

function keyOfSnapshot(row: SnapshotKey, customer: SnapshotCustomer | undefined): Key | undefined {
  if (customer?.isActive !== true) return undefined;
  const { name, models, limits, metered, onClientGone, cache, storeResponses, project } = row;
  return {
    name,
    customer: row.customer,
    models,
    metered,
    onClientGone,
    limits,
    cache,
    storeResponses,
    ...(project !== undefined && { project }),
    mayUse: bothAllow(models, customer.models),
  };
}

/** A customer's list bounds those of its keys. */
function bothAllow(own: readonly string[], customer: readonly string[] | undefined): (model: string) => boolean {
  const byKey = modelMatcher(own);
  if (customer === undefined) return byKey;
  const byCustomer = modelMatcher(customer);
  return (model) => byKey(model) && byCustomer(model);
}

function digestOf(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}
