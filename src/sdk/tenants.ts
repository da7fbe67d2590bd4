import type * as types from './tenant-types.ts';
import type { Caller } from './transport.ts';

const segment = encodeURIComponent;
const base = '/api/v1';

/** What may accompany a change. */
export interface ChangeOptions {
  /** Makes it safe to send the change again. */
  readonly idempotencyKey?: string | undefined;
}

/** Customers and their projects. */
export function customersOf(call: Caller) {
  const path = (id: string): string => `${base}/customers/${segment(id)}`;
  return {
    list: (query?: types.PageQuery) => call<types.Page<types.Customer>>({ path: `${base}/customers`, query }),
    get: (id: string) => call<types.Customer>({ path: path(id) }),
    create: (body: types.CustomerInput & { readonly id: string }, options?: ChangeOptions) =>
      call<types.Customer>({ method: 'POST', path: `${base}/customers`, body, ...options }),
    update: (
      id: string,
      body: types.CustomerInput & { readonly status?: types.Customer['status'] | undefined },
      options?: ChangeOptions,
    ) => call<types.Customer>({ method: 'PATCH', path: path(id), body, ...options }),
    projects: (id: string) => call<{ readonly data: readonly types.Project[] }>({ path: `${path(id)}/projects` }),
    createProject: (
      id: string,
      body: { readonly id: string; readonly displayName?: string | undefined },
      options?: ChangeOptions,
    ) => call<types.Project>({ method: 'POST', path: `${path(id)}/projects`, body, ...options }),
  };
}

/** Keys that clients call with. */
export function keysOf(call: Caller) {
  const path = (name: string): string => `${base}/keys/${segment(name)}`;
  return {
    list: (query?: types.PageQuery & { readonly customer?: string | undefined }) =>
      call<types.Page<types.Key>>({ path: `${base}/keys`, query }),
    get: (name: string) => call<types.Key>({ path: path(name) }),
    create: (body: types.KeyInput & { readonly name: string; readonly customer: string }, options?: ChangeOptions) =>
      call<types.MintedKey>({ method: 'POST', path: `${base}/keys`, body, ...options }),
    update: (name: string, body: types.KeyInput, options?: ChangeOptions) =>
      call<types.Key>({ method: 'PATCH', path: path(name), body, ...options }),
    rotate: (name: string, body: { readonly overlapMs: number }, options?: ChangeOptions) =>
      call<types.MintedKey>({ method: 'POST', path: `${path(name)}/rotate`, body, ...options }),
    revoke: (name: string, options?: ChangeOptions) =>
      call<types.Key>({ method: 'POST', path: `${path(name)}/revoke`, ...options }),
  };
}

/** Spending limits. */
export function budgetsOf(call: Caller) {
  const path = (id: string): string => `${base}/budgets/${segment(id)}`;
  return {
    list: (query?: types.PageQuery & { readonly customer?: string | undefined }) =>
      call<types.Page<types.Budget>>({ path: `${base}/budgets`, query }),
    create: (body: types.BudgetInput, options?: ChangeOptions) =>
      call<types.Budget>({ method: 'POST', path: `${base}/budgets`, body, ...options }),
    update: (
      id: string,
      body: { readonly limitNanos?: types.Nanos | undefined; readonly isHard?: boolean | undefined },
      options?: ChangeOptions,
    ) => call<types.Budget>({ method: 'PATCH', path: path(id), body, ...options }),
    archive: (id: string, options?: ChangeOptions) =>
      call<types.Budget>({ method: 'POST', path: `${path(id)}/archive`, ...options }),
    use: (id: string) => call<{ readonly data: readonly types.BudgetUse[] }>({ path: `${path(id)}/use` }),
  };
}

/** Prepaid balances. */
export function walletsOf(call: Caller) {
  const path = (customer: string): string => `${base}/customers/${segment(customer)}`;
  return {
    get: (customer: string) => call<types.Wallet>({ path: `${path(customer)}/wallet` }),
    open: (customer: string, body: types.WalletInput, options?: ChangeOptions) =>
      call<types.Wallet>({ method: 'POST', path: `${path(customer)}/wallet`, body, ...options }),
    grants: (customer: string) => call<{ readonly data: readonly types.Grant[] }>({ path: `${path(customer)}/grants` }),
    grant: (customer: string, body: types.GrantInput, options?: ChangeOptions) =>
      call<types.Grant>({ method: 'POST', path: `${path(customer)}/grants`, body, ...options }),
    /** Sells a prepaid pack of the customer's plan, once per operation key. */
    buyPack: (customer: string, body: types.PackInput, options?: ChangeOptions) =>
      call<types.SoldPack>({ method: 'POST', path: `${path(customer)}/packs`, body, ...options }),
    pay: (customer: string, body: { readonly amountNanos: types.Nanos }, options?: ChangeOptions) =>
      call<undefined>({ method: 'POST', path: `${path(customer)}/wallet/payments`, body, ...options }),
  };
}

/** Credentials for the control API, and what was changed through it. */
export function accessOf(call: Caller) {
  return {
    list: (query?: types.PageQuery) => call<types.Page<types.AccessToken>>({ path: `${base}/access-tokens`, query }),
    create: (body: types.AccessTokenInput, options?: ChangeOptions) =>
      call<types.AccessToken & { readonly secret: string | null }>({
        method: 'POST',
        path: `${base}/access-tokens`,
        body,
        ...options,
      }),
    revoke: (id: string, options?: ChangeOptions) =>
      call<types.AccessToken>({ method: 'POST', path: `${base}/access-tokens/${segment(id)}/revoke`, ...options }),
  };
}

/** The audit log, newest first. */
export function auditLogOf(call: Caller) {
  return {
    list: (
      query?: types.PageQuery & {
        readonly customer?: string | undefined;
        readonly action?: string | undefined;
        readonly subject?: string | undefined;
      },
    ) => call<types.Page<types.AuditEntry>>({ path: `${base}/audit-log`, query }),
  };
}
