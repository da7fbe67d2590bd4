import { hash } from 'node:crypto';
import type { Spender, SpendingScope } from './contract.ts';

/** Names that any index takes as they are: neither long nor with characters that databases refuse. */
const plainName = /^[^\p{Cc}\p{Cs}/%]{1,200}$/u;

/** Scopes whose names mean something only within their customer. */
const customerScopes: ReadonlySet<SpendingScope> = new Set(['endUser', 'project']);

/** Who a spender is in a scope; undefined when it has no such name. */
export function nameInScope(scope: SpendingScope, spender: Spender): string | undefined {
  switch (scope) {
    case 'token':
      return spender.token?.id;
    case 'key':
      return spender.key;
    case 'endUser':
      return spender.endUser;
    case 'job':
      return spender.job;
    case 'project':
      return spender.project;
    case 'customer':
    case 'wallet':
      return spender.customer;
    case 'organisation':
      return 'organisation';
  }
}

/**
 * Under which name a rule counts: one counter for a rule about one name, one for each name for `*`. End users and
 * projects of different customers never share one, whatever they are called.
 */
export function subjectOf(scope: SpendingScope, isEach: boolean, spender: Spender): string {
  const isPerCustomer = customerScopes.has(scope);
  if (!isEach) return isPerCustomer ? safeName(spender.customer) : '';
  const name = safeName(nameInScope(scope, spender) ?? '');
  return isPerCustomer ? `${safeName(spender.customer)}/${name}` : name;
}

function safeName(name: string): string {
  return plainName.test(name) ? name : `sha256%${hash('sha256', name, 'hex')}`;
}
