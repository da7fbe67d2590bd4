import type * as types from './rollout-types.ts';
import type { Page, PageQuery } from './tenant-types.ts';
import type { ChangeOptions } from './tenants.ts';
import type { Caller } from './transport.ts';

const path = '/api/v1/rollouts';
const segment = encodeURIComponent;

/** New models on their way into jobs. */
export function rolloutsOf(call: Caller) {
  const change = (action: 'pause' | 'resume' | 'rollback') => (id: string, options?: ChangeOptions) =>
    call<types.Rollout>({ method: 'POST', path: `${path}/${segment(id)}/${action}`, ...options });
  return {
    create: (body: types.RolloutInput, options?: ChangeOptions) =>
      call<types.Rollout>({ method: 'POST', path, body, ...options }),
    get: (id: string) => call<types.Rollout>({ path: `${path}/${segment(id)}` }),
    list: (query?: PageQuery & { readonly job?: string | undefined }) => call<Page<types.Rollout>>({ path, query }),
    pause: change('pause'),
    resume: change('resume'),
    rollback: change('rollback'),
  };
}
