import { Fault } from '../../domain/faults/fault.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../storage/index.ts';
import { findAccessToken } from '../../tenants/index.ts';
import type { ClientCaller, Outsider, Principal } from './framework/principal.ts';

/** Where tokens are looked up. */
export interface IdentifyDeps {
  isOwner(token: string): boolean;
  database(): Database | undefined;
  readonly clock: Clock;
  /** Whose key or browser-safe token it is; absent: clients have no place here at all. */
  clientOf?(token: string, origin: string | undefined): Promise<ClientCaller | undefined>;
}

/** Tells who holds a token; the owner is known without the database. */
export async function identifyToken(
  token: string,
  deps: IdentifyDeps,
  origin?: string,
): Promise<Principal | Outsider | undefined> {
  if (deps.isOwner(token)) return { name: 'owner', role: 'owner' };
  // What end users and clients carry never leads further than to what is theirs to say.
  if (token.startsWith('eyJ'))
    return { outsider: 'A token of an end user', client: await deps.clientOf?.(token, origin) };
  if (!token.startsWith('swa_')) {
    const client = await deps.clientOf?.(token, origin);
    return client || token.startsWith('sk-') ? { outsider: 'A key', client } : undefined;
  }
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
