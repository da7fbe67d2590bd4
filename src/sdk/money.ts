import type * as types from './money-types.ts';
import type { LedgerCheck, LedgerTransaction, TransactionQuery } from './operation-types.ts';
import type { Page, PageQuery } from './tenant-types.ts';
import type { ChangeOptions } from './tenants.ts';
import type { Caller } from './transport.ts';

const segment = encodeURIComponent;
const base = '/api/v1';

/** What was used. */
export function usageOf(call: Caller) {
  return {
    query: (query: types.UsageQuery) => call<Page<types.UsageRow>>({ path: `${base}/usage`, query }),
  };
}

/** The books. */
export function ledgerOf(call: Caller) {
  return {
    accounts: (query?: { readonly owner?: string | undefined }) =>
      call<{ readonly data: readonly types.LedgerAccount[]; readonly sumNanos: string }>({
        path: `${base}/ledger/accounts`,
        query,
      }),
    transactions: (query?: TransactionQuery) =>
      call<Page<LedgerTransaction>>({ path: `${base}/ledger/transactions`, query }),
    /** Whether journal, ledger and rollups are equal to the nano. */
    check: () => call<LedgerCheck>({ path: `${base}/ledger/check` }),
  };
}

/** Invoices and credit notes. */
export function invoicesOf(call: Caller) {
  const path = (id: string): string => `${base}/invoices/${segment(id)}`;
  return {
    list: (
      query?: PageQuery & {
        readonly customer?: string | undefined;
        readonly status?: types.InvoiceHead['status'] | undefined;
      },
    ) => call<Page<types.InvoiceHead>>({ path: `${base}/invoices`, query }),
    get: (id: string) => call<types.Invoice>({ path: path(id) }),
    draft: (body: types.InvoiceInput, options?: ChangeOptions) =>
      call<types.Invoice>({ method: 'POST', path: `${base}/invoices`, body, ...options }),
    finalise: (id: string, body: { readonly acceptUnpriced?: boolean | undefined }, options?: ChangeOptions) =>
      call<types.Invoice>({ method: 'POST', path: `${path(id)}/finalise`, body, ...options }),
    pay: (id: string, body: { readonly reference: string }, options?: ChangeOptions) =>
      call<types.Invoice>({ method: 'POST', path: `${path(id)}/pay`, body, ...options }),
    /** Takes the invoice back; the answer is the credit note. */
    void: (id: string, body: { readonly reason: string }, options?: ChangeOptions) =>
      call<types.Invoice>({ method: 'POST', path: `${path(id)}/void`, body, ...options }),
    /** The frozen document as CSV text, or as the JSON that was hashed. */
    document: (id: string, query: { readonly format: 'csv' | 'json' }) =>
      call<string | object>({ path: `${path(id)}/document`, query }),
    /** Finalised invoices of a month such as 2026-11 as FOCUS 1.2, CSV text. */
    focus: (query: { readonly month: string; readonly customer?: string | undefined }) =>
      call<string>({ path: `${base}/exports/focus`, query }),
  };
}
