import type * as types from './eval-types.ts';
import type { Page, PageQuery } from './tenant-types.ts';
import type { ChangeOptions } from './tenants.ts';
import type { Caller } from './transport.ts';

const path = '/api/v1/evals';
const segment = encodeURIComponent;

/** Evaluations of models on items. */
export function evalsOf(call: Caller) {
  return {
    create: (body: types.EvalInput, options?: ChangeOptions) =>
      call<types.EvalRun>({ method: 'POST', path, body, ...options }),
    get: (id: string) => call<types.EvalRun>({ path: `${path}/${segment(id)}` }),
    list: (query?: PageQuery & { readonly job?: string | undefined }) => call<Page<types.EvalRun>>({ path, query }),
    /** Items on which two candidates differ; the first two when none are named. */
    flips: (id: string, query?: { readonly first?: string | undefined; readonly second?: string | undefined }) =>
      call<{ readonly data: readonly types.EvalFlip[] }>({ path: `${path}/${segment(id)}/flips`, query }),
    stop: (id: string, options?: ChangeOptions) =>
      call<types.EvalRun>({ method: 'POST', path: `${path}/${segment(id)}/stop`, ...options }),
    /** Models at their hosts on one job. */
    leaderboard: (query: { readonly job: string; readonly since?: string | undefined }) =>
      call<types.Leaderboard>({ path: '/api/v1/leaderboard', query }),
  };
}
