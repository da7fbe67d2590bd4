/** A body that is right for each operation that takes one; a new operation adds its own. */
export const rightBodies: { readonly [operationId: string]: { readonly [field: string]: unknown } } = {
  createOutcome: { requestId: `req_${'a'.repeat(32)}`, value: 1 },
  createCustomer: { id: 'initech', displayName: 'Initech', timeZone: 'Europe/Berlin', currency: 'EUR' },
  updateCustomer: { displayName: 'Acme' },
  createProject: { id: 'north' },
  createKey: { name: 'new-key', customer: 'acme', models: ['*'], limits: { concurrent: 5 } },
  updateKey: { models: ['small'] },
  rotateKey: { overlapMs: 1000 },
  createBudget: { scope: 'customer', name: 'acme', limitNanos: '1', period: 'day', isHard: true },
  updateBudget: { limitNanos: '2' },
  openWallet: { receivableLimitNanos: '0' },
  createGrant: { kind: 'promo', amountNanos: '5', operationKey: 'gift-1' },
  payReceivable: { amountNanos: '1' },
  createAccessToken: { name: 'x', role: 'viewer' },
};
