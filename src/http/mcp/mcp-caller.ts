import type { IncomingHttpHeaders } from 'node:http';
import { Fault } from '../../domain/faults/fault.ts';
import type { ComputePayer } from '../../runtime/index.ts';
import type { Actor, KeyRing } from '../../tenants/index.ts';
import type { Outsider, Principal } from '../control/framework/principal.ts';

/** On whose behalf tools are used. */
export interface McpCaller {
  /** Whose workspaces they are and who pays; `owner:` and `token:` come before names that are no key's. */
  readonly payer: ComputePayer;
  /** Null: works for the organisation, and may change every app. */
  readonly appCustomer: string | null;
  readonly actor: Actor;
}

/** Where callers are looked up. */
export interface McpCallers {
  keys(): KeyRing;
  identify(token: string): Promise<Principal | Outsider | undefined>;
}

/** Finds out who calls. Without a token nobody does, also where models may be used without one. */
export async function identifyMcpCaller(headers: IncomingHttpHeaders, callers: McpCallers): Promise<McpCaller> {
  const token = readToken(headers);
  if (token === undefined) {
    const message = 'Send a key of the gateway, or the owner token, as "Authorization: Bearer …".';
    throw new Fault('key_invalid', { message });
  }
  const key = callers.keys().find(token);
  if (key) {
    const { name, customer, project, endUser, onlyJob } = key;
    if (endUser !== undefined || onlyJob !== undefined) throw refusedToken();
    const payer = { customer, key: name, ...(project !== undefined && { project }) };
    return { payer, appCustomer: customer, actor: { name, role: 'operator' } };
  }
  const who = await callers.identify(token);
  if (who === undefined) throw new Fault('key_invalid', { message: 'The key or token is unknown or revoked.' });
  if ('outsider' in who || who.customerId !== undefined) throw refusedToken();
  const { name, role } = who;
  if (role !== 'owner' && role !== 'operator') {
    throw new Fault('not_allowed', { message: `A token with the role ${role} may not run code.` });
  }
  // No key has a colon in its name.
  const payer = { customer: 'default', key: `${role === 'owner' ? 'owner' : 'token'}:${name}` };
  return { payer, appCustomer: null, actor: { name, role } };
}

function readToken({ authorization, 'x-api-key': named }: IncomingHttpHeaders): string | undefined {
  if (authorization !== undefined && /^bearer /i.test(authorization)) return authorization.slice(7).trim() || undefined;
  return typeof named === 'string' && named !== '' ? named : undefined;
}

function refusedToken(): Fault {
  return new Fault('not_allowed', { message: 'This token may not run code; use a key of the gateway.' });
}
