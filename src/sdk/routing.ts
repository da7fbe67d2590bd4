import type * as types from './routing-types.ts';
import type { Page, PageQuery } from './tenant-types.ts';
import type { ChangeOptions } from './tenants.ts';
import type { Caller } from './transport.ts';

const segment = encodeURIComponent;
const base = '/api/v1';

/** Why requests go where they go. */
export function routingOf(call: Caller) {
  return {
    /** By the id of a request or of its decision. */
    explain: (id: string) => call<types.DecisionExplanation>({ path: `${base}/decisions/${segment(id)}` }),
    /** Where a request would go now; nothing is called or spent. */
    preview: (query: { readonly job?: string | undefined; readonly prompt?: string | undefined }) =>
      call<types.RoutePreview>({ path: `${base}/routing/preview`, query }),
    learning: () => call<types.LearningState>({ path: `${base}/routing/learning` }),
  };
}

/** Recurring kinds of work. */
export function jobsOf(call: Caller) {
  return {
    list: (query?: PageQuery) => call<Page<types.Job>>({ path: `${base}/jobs`, query }),
    get: (job: string) => call<types.Job>({ path: `${base}/jobs/${segment(job)}` }),
    /** Cost per success, return, and the saving against a baseline, by this gateway's log. */
    roi: (job: string, query?: { readonly days?: number | undefined; readonly baseline?: string | undefined }) =>
      call<types.JobReturn>({ path: `${base}/jobs/${segment(job)}/roi`, query }),
    /** Makes a job, or its next version. */
    set: (job: string, settings: { readonly [name: string]: unknown }, options?: ChangeOptions) =>
      call<types.Job>({ method: 'PUT', path: `${base}/jobs/${segment(job)}`, body: settings, ...options }),
    remove: (job: string, options?: ChangeOptions) =>
      call<types.Job>({ method: 'POST', path: `${base}/jobs/${segment(job)}/archive`, ...options }),
  };
}
