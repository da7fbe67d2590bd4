import type {
  App,
  AppAlias,
  AppAliasInput,
  AppLogLine,
  AppLogQuery,
  AppMetrics,
  AppSchedule,
  AppScheduleInput,
  AppSecret,
  AppVersion,
  AppVersionInput,
} from './app-types.ts';
import type { Page, PageQuery } from './tenant-types.ts';
import type { ChangeOptions } from './tenants.ts';
import type { Caller } from './transport.ts';

const segment = encodeURIComponent;
const base = '/api/v1/apps';

/** Apps: versions, where aliases point, logs, secrets and schedules. */
export function appsOf(call: Caller) {
  const of = (app: string): string => `${base}/${segment(app)}`;
  return {
    list: (query?: PageQuery) => call<Page<App>>({ path: base, query }),
    get: (app: string) => call<App>({ path: of(app) }),
    remove: (app: string, options?: ChangeOptions) => call<void>({ method: 'DELETE', path: of(app), ...options }),
    /** Builds and keeps a version; nothing serves it before an alias points to it. */
    addVersion: (app: string, body: AppVersionInput, options?: ChangeOptions) =>
      call<AppVersion & { readonly isNew: boolean }>({ method: 'PUT', path: `${of(app)}/versions`, body, ...options }),
    versions: (app: string, query?: PageQuery) => call<Page<AppVersion>>({ path: `${of(app)}/versions`, query }),
    version: (app: string, id: string) => call<AppVersion>({ path: `${of(app)}/versions/${segment(id)}` }),
    /** Points an alias to a version. Rejects with `conflict` when it is not what was expected. */
    setAlias: (app: string, { alias, ...body }: AppAliasInput, options?: ChangeOptions) =>
      call<AppAlias>({ method: 'POST', path: `${of(app)}/aliases/${alias}`, body, ...options }),
    rollBack: (app: string, alias: 'prod' | 'preview' = 'prod', options?: ChangeOptions) =>
      call<AppAlias>({ method: 'POST', path: `${of(app)}/aliases/${alias}/rollback`, body: {}, ...options }),
    logs: (app: string, query?: AppLogQuery) =>
      call<{ readonly data: readonly AppLogLine[] }>({ path: `${of(app)}/logs`, query }),
    metrics: (app: string) => call<AppMetrics>({ path: `${of(app)}/metrics` }),
    schedules: (app: string) => call<{ readonly data: readonly AppSchedule[] }>({ path: `${of(app)}/schedules` }),
    setSchedules: (app: string, schedules: readonly AppScheduleInput[], options?: ChangeOptions) =>
      call<{ readonly data: readonly AppSchedule[] }>({
        method: 'PUT',
        path: `${of(app)}/schedules`,
        body: { schedules },
        ...options,
      }),
    secrets: (app: string) => call<{ readonly data: readonly AppSecret[] }>({ path: `${of(app)}/secrets` }),
    setSecret: (app: string, body: { readonly name: string; readonly value: string }, options?: ChangeOptions) =>
      call<void>({ method: 'PUT', path: `${of(app)}/secrets`, body, ...options }),
    removeSecret: (app: string, name: string, options?: ChangeOptions) =>
      call<void>({ method: 'DELETE', path: `${of(app)}/secrets/${segment(name)}`, ...options }),
  };
}
