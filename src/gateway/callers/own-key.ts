import type { Key } from '../../tenants/index.ts';

/** The key under which the product itself calls models: its work is the organisation's own, and nothing of it is kept. */
export function ownKey(name: string): Key {
  return {
    name,
    customer: 'default',
    models: ['*'],
    metered: false,
    onClientGone: 'cancel',
    limits: {},
    cache: 'off',
    storeResponses: false,
    mayUse: () => true,
  };
}
