import type * as types from './fix-types.ts';
import type { Page, PageQuery } from './tenant-types.ts';
import type { ChangeOptions } from './tenants.ts';
import type { Caller } from './transport.ts';

const base = '/api/v1';
const segment = encodeURIComponent;

/** What failed, and fixing it by models. */
export function fixesOf(call: Caller) {
  return {
    /** Has a failed run fixed; ask for the fix until its state is neither queued nor running. */
    ofRun: (runId: string, body: types.FixRunInput = {}, options?: ChangeOptions) =>
      call<types.Fix>({ method: 'POST', path: `${base}/runs/${segment(runId)}/fix`, body, ...options }),
    /** Has an app fixed; a fixed version becomes its preview. */
    ofApp: (app: string, body: types.FixBounds = {}, options?: ChangeOptions) =>
      call<types.Fix>({ method: 'POST', path: `${base}/apps/${segment(app)}/fix`, body, ...options }),
    get: (id: string) => call<types.FixTrail>({ path: `${base}/fixes/${segment(id)}` }),
    list: (
      query?: PageQuery & { readonly subject?: string | undefined; readonly state?: types.Fix['state'] | undefined },
    ) => call<Page<types.Fix>>({ path: `${base}/fixes`, query }),
    /** Says what you think of a fix; the model that wrote it is known by that. */
    accept: (id: string, accepted = true, options?: ChangeOptions) =>
      call<{ readonly id: string; readonly accepted: boolean }>({
        method: 'POST',
        path: `${base}/fixes/${segment(id)}/accept`,
        body: { accepted },
        ...options,
      }),
    /** Failed programs beside their fixes, as lines of JSON; only what was consented to is kept at all. */
    pairs: (query?: {
      readonly licence?: 'allowed' | 'unknown' | 'all' | undefined;
      readonly customer?: string | undefined;
    }) => call<string>({ path: `${base}/fixes/pairs`, query }),
    failures: (query?: PageQuery & { readonly kind?: types.Failure['kind'] | undefined }) =>
      call<Page<types.Failure>>({ path: `${base}/failures`, query }),
    failure: (id: string) => call<types.Failure>({ path: `${base}/failures/${segment(id)}` }),
    settings: (app: string) => call<types.AppFixSettings>({ path: `${base}/apps/${segment(app)}/fix-settings` }),
    setSettings: (app: string, body: types.AppFixSettings, options?: ChangeOptions) =>
      call<types.AppFixSettings>({
        method: 'PUT',
        path: `${base}/apps/${segment(app)}/fix-settings`,
        body,
        ...options,
      }),
  };
}
