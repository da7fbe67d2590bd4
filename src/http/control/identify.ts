import { Fault } from '../../domain/fault.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../storage/index.ts';
import { findAccessToken } from '../../tenants/index.ts';
import type { Outsider, Principal } from './framework/principal.ts';

/** Where tokens are looked up. */
export interface IdentifyDeps {
  isOwner(token: string): boolean;
  database(): Database | undefined;
  readonly clock: Clock;
}

/** Tells who holds a token; the owner is known without the database. */
export async function identifyToken(token: string, deps: IdentifyDeps): Promise<Principal | Outsider | undefined> {
  if (deps.isOwner(token)) return { name: 'owner', role: 'owner' };
  // What end users and clients carry never leads in, whatever the database says of it.
  if (token.startsWith('eyJ')) return { outsider: 'A token of an end user' };
  if (token.startsWith('sk-')) return { outsider: 'A key' };
  if (!token.startsWith('swa_')) return undefined;
  const database = deps.database();
  if (database?.isAvailable() !== true) {
    throw new Fault('database_unavailable', {
      message: 'Access tokens cannot be checked while the database is away; the owner token works.',
      retryAfterMs: 2000,
    });
  }
  const found = await findAccessToken(database, { secret: token, atMs: deps.clock.nowMs() });
  if (found === undefined) return undefined;
  const { name, role, customerId } = found;
  return { name, role, ...(customerId !== null && { customerId }) };
}
