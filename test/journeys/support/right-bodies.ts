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
  draftInvoice: { customer: 'acme', year: 2026, month: 10, taxes: [{ name: 'VAT', percent: '19' }], dueDays: 14 },
  finaliseInvoice: { acceptUnpriced: true },
  payInvoice: { reference: 'bank-1' },
  voidInvoice: { reason: 'a mistake' },
  createAccessToken: { name: 'x', role: 'viewer' },
};

/** Parameters that operations need, or that make their answer tell the most. */
export const rightQueries: { readonly [operationId: string]: { readonly [name: string]: string } } = {
  getUsage: { from: '2024-10-04', to: '2024-10-05', groupBy: 'customer,key,job,model,host,feature,project' },
  renderInvoice: { format: 'csv' },
};
