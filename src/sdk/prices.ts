import type * as types from './price-types.ts';
import type { Page, PageQuery } from './tenant-types.ts';
import type { ChangeOptions } from './tenants.ts';
import type { Caller } from './transport.ts';

const base = '/api/v1/prices';

/** The price book: what endpoints cost through time, and what people decide about it. */
export function pricesOf(call: Caller) {
  const change = <Answer>(path: string, body: object, options?: ChangeOptions): Promise<Answer> =>
    call<Answer>({ method: 'POST', path: `${base}/${path}`, body, ...options });
  return {
    list: (query?: types.PriceQuery) => call<Page<types.EndpointPrice>>({ path: base, query }),
    explain: (query: { readonly endpoint: string; readonly at?: number | string | undefined }) =>
      call<types.EndpointPrice>({ path: `${base}/explanation`, query }),
    history: (query: { readonly endpoint: string }) =>
      call<{ readonly data: readonly types.PricePeriod[] }>({ path: `${base}/history`, query }),
    sources: () => call<{ readonly data: readonly types.PriceSourceState[] }>({ path: `${base}/sources` }),
    confirm: (body: { readonly endpoint: string; readonly source: string }, options?: ChangeOptions) =>
      change<types.PriceChange>('confirm', body, options),
    set: (
      body: { readonly endpoint: string; readonly price: { readonly [setting: string]: unknown } },
      options?: ChangeOptions,
    ) => change<types.PriceChange>('manual', body, options),
    release: (body: { readonly endpoint: string }, options?: ChangeOptions) =>
      change<types.PriceChange>('release', body, options),
    import: (body: types.PriceImportInput, options?: ChangeOptions) =>
      change<types.PriceImportResult>('import', body, options),
    alerts: (query?: PageQuery) => call<Page<types.PriceAlert>>({ path: `${base}/alerts`, query }),
    acknowledge: (id: string, options?: ChangeOptions) =>
      call<undefined>({ method: 'POST', path: `${base}/alerts/${encodeURIComponent(id)}/acknowledge`, ...options }),
  };
}
