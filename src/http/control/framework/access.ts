import { Fault } from '../../../domain/faults/fault.ts';
import type { Principal } from './principal.ts';
import type { RawInput } from './read-input.ts';
import type { ControlRoute } from './route.ts';

/** May this principal call this route at all? Throws `not_allowed` with who may. */
export function checkRole(route: ControlRoute, principal: Principal): void {
  const { role, customerId } = principal;
  if (principal.isClient === true && route.forClients === true) return;
  const mayRole = principal.isClient !== true && route.roles.includes(role);
  const isOrganisations = route.scope === 'organisation';
  if (!mayRole || (role === 'viewer' && isOrganisations && customerId !== undefined)) {
    const message = `The token "${principal.name}" (${describe(principal)}) may not do this; it takes ${route.roles.join(' or ')}.`;
    throw new Fault('not_allowed', { message });
  }
  if (role === 'viewer' && !isOrganisations && customerId === undefined) {
    const message = `The token "${principal.name}" is bound to no customer, so it reads no customer's data.`;
    throw new Fault('not_allowed', { message });
  }
}

function describe({ role, customerId }: Principal): string {
  return customerId === undefined ? role : `${role} of one customer`;
}

/**
 * Keeps a customer's token to its own rows before a handler runs: another customer in the path or filter does not
 * exist, and a list without filter gets one.
 */
export function scopeInput(route: ControlRoute, { customerId }: Principal, raw: RawInput): RawInput {
  if (customerId === undefined) return raw;
  if (route.scope === 'path' && raw.params['customerId'] !== customerId) throw hidden();
  if (route.scope !== 'query') return raw;
  const asked = raw.query['customer'] ?? [];
  if (asked.some((one) => one !== customerId)) throw hidden();
  return { ...raw, query: { ...raw.query, customer: [customerId] } };
}

/** Withholds an answer that turns out to belong to somebody else. */
export function checkOwner(route: ControlRoute, { customerId }: Principal, ownerId: string | undefined): void {
  if (customerId !== undefined && route.scope === 'answer' && ownerId !== customerId) throw hidden();
}

function hidden(): Fault {
  return new Fault('not_found', { message: 'There is no such object.' });
}

const costFields = /cost|margin|absorbed|saved|variance|waste|^(price|contract)VersionId$/i;

/** What the organisation pays and earns is not a customer's to see: such fields are left out of its answers. */
export function withoutCosts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutCosts);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]) => (costFields.test(key) ? [] : [[key, withoutCosts(one)]])),
  );
}
