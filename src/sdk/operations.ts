import type * as types from './operation-types.ts';
import type { Page, PageQuery } from './tenant-types.ts';
import type { ChangeOptions } from './tenants.ts';
import type { Caller } from './transport.ts';

const segment = encodeURIComponent;
const base = '/api/v1';

/** Bills of hosts, compared with what was metered. */
export function reconciliationOf(call: Caller) {
  const imports = `${base}/reconciliation/imports`;
  return {
    list: (query?: PageQuery & { readonly host?: string | undefined }) =>
      call<Page<types.ImportedBill>>({ path: imports, query }),
    import: (body: types.BillInput, options?: ChangeOptions) =>
      call<types.ImportedBill>({ method: 'POST', path: imports, body, ...options }),
    report: (id: string) => call<types.ReconciliationReport>({ path: `${imports}/${segment(id)}/report` }),
    /** Posts what the bill has beyond our figures. */
    post: (id: string, options?: ChangeOptions) =>
      call<types.PostedVariance>({ method: 'POST', path: `${imports}/${segment(id)}/post`, ...options }),
  };
}

/** For who keeps it running. */
export function operationsOf(call: Caller) {
  const path = `${base}/operations`;
  return {
    projections: () => call<{ readonly data: readonly types.ProjectionState[] }>({ path: `${path}/projections` }),
    quarantine: (
      query?: PageQuery & { readonly reason?: string | undefined; readonly state?: 'held' | 'released' | undefined },
    ) => call<Page<types.QuarantinedFact>>({ path: `${path}/quarantine`, query }),
    /** Books the cost of a fact that was set apart because its price gave another one. */
    releaseQuarantined: (
      id: string,
      body: { readonly reason: string; readonly acceptDifference?: boolean | undefined },
      options?: ChangeOptions,
    ) =>
      call<types.ReleasedFact>({
        method: 'POST',
        path: `${path}/quarantine/${segment(id)}/release`,
        body,
        ...options,
      }),
    gateways: () => call<{ readonly data: readonly types.GatewayRun[] }>({ path: `${path}/gateways` }),
    release: (gatewayId: string, body: { readonly acceptLive?: boolean | undefined }, options?: ChangeOptions) =>
      call<{ readonly gatewayId: string; readonly releasedNanos: string }>({
        method: 'POST',
        path: `${path}/gateways/${segment(gatewayId)}/release`,
        body,
        ...options,
      }),
    outbox: () => call<{ readonly data: readonly types.OutboxState[] }>({ path: `${path}/outbox` }),
  };
}
