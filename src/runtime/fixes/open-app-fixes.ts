import { Fault } from '../../domain/faults/fault.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Database } from '../../storage/index.ts';
import type { Apps } from '../apps/index.ts';
import type { VersionUpload } from '../apps/app-service.ts';
import { PostgresAppStore } from '../apps/app-store.ts';
import { AppWatch, defaultErrorBound, type WatchedVersion } from './app-watch.ts';
import { type AppFixSettings, readAppFixSettings } from './app-fix-settings.ts';
import type { FailureBook, ToldFailure } from './failure-book.ts';
import { failureReport } from './failure-report.ts';
import type { Failure } from './failure-record.ts';
import type { Fix, FixSpec } from './fix-record.ts';
import type { FixService } from './fix-service.ts';
import { listFixes } from './fix-store.ts';
import { secretHider } from './hide-secrets.ts';
import { mostAttempts } from './model-fixer.ts';

/** What fixing apps is built on. */
export interface AppFixesDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly apps: Pick<Apps, 'meter' | 'logs' | 'samples' | 'served'> & {
    /** Says who hears of uploads that cannot be built. */
    onBuildFailed(heard: (upload: VersionUpload, log: string) => void): void;
  };
  readonly failures: FailureBook;
  readonly service: FixService;
  database(): Database | undefined;
  usualCapNanos(): bigint;
}

/** What somebody who asks for the fix of an app may say over its settings. */
export type AppFixWish = Partial<Pick<FixSpec, 'maxNanos' | 'maxAttempts'>> & {
  readonly app: string;
  readonly requestedBy: string;
};

/** Fixes of apps: those that are asked for, and those that an app asked for beforehand. */
export interface AppFixes {
  settings(database: Pick<Database, 'db'>, app: string): Promise<AppFixSettings>;
  request(database: Pick<Database, 'db'>, wish: AppFixWish): Promise<Fix>;
  close(): void;
}

const lookEveryMs = 1000;
const readSettingsEveryMs = 5000;

/** Watches apps from now on, records those that fail, and fixes those whose owners said so. */
export function openAppFixes(deps: AppFixesDeps): AppFixes {
  const { logger, apps, failures, database } = deps;
  let bounds: ReadonlyMap<string, Pick<WatchedVersion, 'errorRate' | 'minRequests'>> = new Map();
  const watch = new AppWatch({
    ...apps,
    served: () => watched(apps, bounds),
    failing(told) {
      const failure = failures.note(told);
      logger.warn({ app: failure.app, version: failure.version, failure: failure.id }, 'an app fails too often');
      void fixUnasked(deps, failure).catch((error: unknown) =>
        logger.warn({ err: error, failure: failure.id }, 'an app could not be fixed by itself'),
      );
    },
  });
  apps.onBuildFailed((upload, log) => failures.note(failedBuild(upload, log)));
  const looking = setInterval(() => watch.look(), lookEveryMs).unref();
  const reading = setInterval(() => {
    const open = database();
    if (open?.isAvailable() !== true) return;
    readBounds(open).then(
      (read) => (bounds = read),
      (error: unknown) => logger.warn({ err: error }, 'settings of fixes could not be read'),
    );
  }, readSettingsEveryMs).unref();
  return {
    settings: (open, app) => settingsOf(deps, open, app),
    request: (open, wish) => requestFix(deps, { open, wish, watch }),
    close() {
      clearInterval(looking);
      clearInterval(reading);
    },
  };
}

function* watched(
  { served }: Pick<AppFixesDeps['apps'], 'served'>,
  bounds: ReadonlyMap<string, Pick<WatchedVersion, 'errorRate' | 'minRequests'>>,
): Generator<WatchedVersion> {
  for (const { stable, canary } of served()) {
    const bound = bounds.get(stable.app) ?? defaultErrorBound;
    for (const one of [stable, canary?.version]) if (one) yield { app: one.app, version: one.version, ...bound };
  }
}

async function readBounds({ db }: Database): Promise<ReadonlyMap<string, typeof defaultErrorBound>> {
  const rows = await db.selectFrom('app_fix_setting').selectAll().execute();
  return new Map(rows.map(({ app, settings }) => [app, settings as typeof defaultErrorBound]));
}

/** Only for apps that said so beforehand; once for each version, since the watch tells once. */
async function fixUnasked({ database, service }: AppFixesDeps, failure: Failure): Promise<void> {
  const open = database();
  if (open?.isAvailable() !== true || failure.app === null) return;
  const settings = await readAppFixSettings(open, failure.app);
  if (settings?.automatic !== true) return;
  const spec = await specOf({ open, app: failure.app, settings });
  await service.request(open, { of: { id: failure.id }, spec, requestedBy: 'switchyard' });
}

async function requestFix(
  deps: AppFixesDeps,
  { open, wish, watch }: { readonly open: Pick<Database, 'db'>; readonly wish: AppFixWish; readonly watch: AppWatch },
): Promise<Fix> {
  const { app, requestedBy, ...asked } = wish;
  const store = new PostgresAppStore(open);
  const found = await store.find(app);
  if (found === undefined) throw new Fault('not_found', { message: `There is no app "${app}".` });
  for (const state of ['running', 'queued'] as const) {
    const [atWork] = await listFixes(open, { subject: app, state, limit: 1 });
    if (atWork) return atWork;
  }
  const settings = await settingsOf(deps, open, app);
  const spec = { ...(await specOf({ open, app, settings })), ...asked };
  const known = await deps.failures.find({ subject: app }, open);
  const served = (await store.aliases(app)).find(({ alias }) => alias === 'prod') ?? (await store.aliases(app))[0];
  // A build that failed is the latest news of an app; else it is what the version that is served has been doing.
  const isBuild = known?.failure.kind === 'build' && known.failure.createdAtMs > (served?.changedAtMs ?? 0);
  const failure =
    isBuild || served === undefined ? known?.failure : noteServed(deps, { watch, app, version: served.version });
  if (failure === undefined)
    throw new Fault('not_found', { message: `${app} serves nothing, and no build of it failed.` });
  return deps.service.request(open, { of: { id: failure.id }, spec, requestedBy });
}

function noteServed(
  { failures }: AppFixesDeps,
  { watch, app, version }: { readonly watch: AppWatch; readonly app: string; readonly version: string },
): Failure {
  return failures.note(watch.describe(app, version));
}

async function settingsOf(
  { usualCapNanos }: AppFixesDeps,
  open: Pick<Database, 'db'>,
  app: string,
): Promise<AppFixSettings> {
  const made = await readAppFixSettings(open, app);
  if (made) return made;
  const bounds = { ...defaultErrorBound, maxNanos: usualCapNanos(), maxAttempts: mostAttempts };
  return { automatic: false, ...bounds, checks: [], protect: [], promote: { to: 'preview' } };
}

/** An app pays with its own key, where it has one. */
async function specOf({
  open,
  app,
  settings,
}: {
  readonly open: Pick<Database, 'db'>;
  readonly app: string;
  readonly settings: AppFixSettings;
}): Promise<FixSpec> {
  const found = await new PostgresAppStore(open).find(app);
  const { maxNanos, maxAttempts, protect, checks: appChecks, promote } = settings;
  const payer = { customer: found?.customer ?? undefined, key: found?.key ?? undefined };
  return { maxNanos, maxAttempts, protect, checks: [], appChecks, promote, payer };
}

function failedBuild(upload: VersionUpload, log: string): ToldFailure {
  const { app, customer, files, settings, entry, assets } = upload;
  const named = { ...(entry !== undefined && { entry }), ...(assets !== undefined && { assets }) };
  const report = failureReport({
    status: 'build_failed',
    exit: { code: null, signal: null },
    limitsHit: [],
    stdout: '',
    stderr: log,
    paths: files.map(({ path }) => path),
    hide: secretHider(),
  });
  const program = { upload: { files, settings, ...named } };
  return { kind: 'build', subject: app, app, customer: customer ?? undefined, report, program };
}
