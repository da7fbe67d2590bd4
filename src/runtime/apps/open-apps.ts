import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { Database } from '../../storage/index.ts';
import type { StandingUse } from '../compute/standing-use.ts';
import type { Sealer } from '../../tenants/index.ts';
import type { ProbeReport } from '../contract.ts';
import type { EgressAudit } from '../egress/index.ts';
import { type Engines, findEngines, FunctionHost, openSocketRoot } from '../functions/index.ts';
import { AppDirectory, type LiveAlias } from './app-directory.ts';
import { type AppIngress, createAppIngress, type IngressDeps } from './app-ingress.ts';
import { AppMeter } from './app-meter.ts';
import { AppService, type AppServiceDeps, type VersionUpload } from './app-service.ts';
import { PostgresAppStore } from './app-store.ts';
import type { Alias } from './app-types.ts';
import { type BlobStore, FolderBlobStore } from './blob-store.ts';
import type { BuildSettings } from './build-bundle.ts';
import { mustEndCanary } from './canary-guard.ts';
import { readLive } from './live-store.ts';
import { type LiveVersionDeps, toLiveVersion } from './live-version.ts';
import { LogBook } from './log-book.ts';
import { RequestSamples } from './request-samples.ts';
import { Scheduler } from './scheduler.ts';
import { AssetServer } from './static-assets.ts';
import { VersionBuilder } from './version-builder.ts';

/** What apps are built on. */
export interface AppsSettings {
  readonly dataDirectory: string;
  readonly environment: { readonly [name: string]: string | undefined };
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly hiddenCookies: readonly string[];
  newId(prefix: string): string;
  sealer(): Sealer;
  gatewayOrigin(): string | undefined;
  /** Why there is no database; undefined when there is one. */
  absence(): string | undefined;
  /** Where what apps use is charged; absent: nobody pays. */
  readonly charged?: StandingUse | undefined;
}

/** Apps as the product has them. */
export interface Apps {
  readonly service: AppService;
  readonly ingress: AppIngress;
  readonly logs: LogBook;
  readonly meter: AppMeter;
  readonly host: FunctionHost;
  readonly builder: VersionBuilder;
  readonly blobs: BlobStore;
  /** Requests that were answered lately, to be tried with other versions. */
  readonly samples: RequestSamples;
  /** Says who hears of uploads that cannot be built. */
  onBuildFailed(heard: (upload: VersionUpload, log: string) => void): void;
  /** Where the requests of every alias go. */
  served(): Iterable<LiveAlias>;
  /** Again: after something of the system changed. */
  probe(isAgain?: boolean): Promise<ProbeReport>;
  /** Serves what a database holds, until the answer is called. */
  follow(database: Database): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

const closeGraceMs = 5000;
const canaryEveryMs = 1000;

/** Opens everything that apps need; nothing is started before the first request or deploy. */
export function openApps(given: AppsSettings): Apps {
  // Absolute: processes of apps and builds look from other working directories.
  const settings = { ...given, dataDirectory: resolve(given.dataDirectory) };
  const { dataDirectory, clock, logger, metrics, newId, absence, hiddenCookies, charged } = settings;
  const shared = { clock, logger, newId };
  // What builds of a killed gateway left.
  rmSync(join(dataDirectory, 'run', 'builds'), { recursive: true, force: true });
  const logs = new LogBook({ folder: join(dataDirectory, 'apps', 'logs'), clock, logger });
  const meter = new AppMeter(metrics, clock);
  const blobs = new FolderBlobStore(join(dataDirectory, 'apps', 'blobs'));
  const engines = findEngines(settings.environment);
  const host = openHost(settings, { logs, meter, engines, charged });
  const live: LiveVersionDeps = { blobs, sealer: settings.sealer, gatewayOrigin: settings.gatewayOrigin };
  const troubled = (error: unknown): void => logger.warn({ err: error }, 'the apps could not be read');
  const directory = new AppDirectory({ ...live, host, clock, troubled });
  const own: Pick<AppServiceDeps, 'buildFailed'> = {};
  const builder = new VersionBuilder({ blobs, settings: () => buildSettings(settings, host, engines) });
  const service = new AppService({
    ...shared,
    builder,
    sealer: settings.sealer,
    buildFailed: (upload, log) => own.buildFailed?.(upload, log),
    async warm(database, version) {
      const made = toLiveVersion(version, await readLive(database), live);
      if (made.hasCode) await host.acquire(await made.spec());
    },
  });
  const scheduler = new Scheduler({ ...shared, directory, host });
  const assets = new AssetServer(blobs);
  const samples = new RequestSamples();
  const sampled: IngressDeps['sampled'] = ({ app, version }, request, status) =>
    samples.note(`${app}/${version}`, request, status);
  return {
    service,
    logs,
    meter,
    host,
    builder,
    blobs,
    samples,
    onBuildFailed: (heard) => void (own.buildFailed = heard),
    served: () => directory.all(),
    ingress: createAppIngress({ ...shared, directory, host, assets, meter, absence, hiddenCookies, sampled, charged }),
    probe: (isAgain) => host.probe(isAgain),
    async follow(database) {
      const stopFollowing = await directory.follow(database);
      const stopScheduler = scheduler.start(database);
      const guard = guardCanaries({ database, service, logs }, { directory, meter, troubled });
      return async () => {
        clearInterval(guard);
        await stopScheduler();
        await stopFollowing();
      };
    },
    async close() {
      await host.close(closeGraceMs);
      await logs.close();
    },
  };
}

interface CanaryParts {
  readonly database: Database;
  readonly service: AppService;
  readonly logs: LogBook;
}

/** Looks after canaries for as long as the timer is not cleared. */
function guardCanaries(
  parts: CanaryParts,
  {
    directory,
    meter,
    troubled,
  }: { readonly directory: AppDirectory; readonly meter: AppMeter; troubled(error: unknown): void },
): NodeJS.Timeout {
  const guard = setInterval(() => {
    for (const one of directory.all()) {
      if (one.alias.canary === null || !mustEndCanary(one, meter)) continue;
      void endCanary(parts, one.alias).catch(troubled);
    }
  }, canaryEveryMs);
  return guard.unref();
}

interface HostParts {
  readonly logs: LogBook;
  readonly meter: AppMeter;
  readonly engines: Engines;
  readonly charged: StandingUse | undefined;
}

function openHost(
  { dataDirectory, clock, logger, newId }: AppsSettings,
  { logs, meter, engines, charged }: HostParts,
): FunctionHost {
  return new FunctionHost({
    engines,
    root: openSocketRoot(dataDirectory),
    clock,
    newId: () => newId('f').slice(-16),
    line: (spec, line, instance) => logs.take(spec, line, instance),
    used: ({ app }, use) => charged?.note(app, use),
    audit(entry) {
      charged?.note(entry.app, { egressBytes: entry.sentBytes });
      logs.note(entry, entry.verdict === 'allowed' ? 'info' : 'warn', describeEgress(entry));
    },
    receipt(receipt) {
      const { code, allowed, observed, detail, ...rest } = receipt;
      meter.ended(receipt);
      logger.warn({ ...rest, code, allowed, observed }, 'an app ended unasked');
      const figures = allowed === undefined ? '' : ` (allowed ${allowed}, observed ${observed ?? 'more'})`;
      logs.note(receipt, 'error', `${code}${figures}${detail === undefined || detail === '' ? '' : `: ${detail}`}`);
    },
  });
}

function describeEgress({
  verdict,
  method,
  host,
  port,
  reason,
  status,
  sentBytes,
  receivedBytes,
}: EgressAudit): string {
  return `egress ${verdict}: ${method} ${host}:${port} (${reason}) status ${status ?? '-'}, ${sentBytes} bytes out, ${receivedBytes} in`;
}

async function buildSettings(
  { dataDirectory, clock, newId }: AppsSettings,
  host: FunctionHost,
  engines: Engines,
): Promise<BuildSettings> {
  const { isolation } = await host.probe();
  const root = join(dataDirectory, 'run', 'builds');
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const isSandboxed = isolation.tier !== 'language' && isolation.tier !== 'none';
  return { engines, root, clock, isSandboxed, newId: () => newId('b').slice(-16) };
}

/** A canary that fails is taken back by the same swap that anybody makes; whoever was faster wins. */
async function endCanary(
  { database, service, logs }: CanaryParts,
  { app, alias, version, revision, canary }: Alias,
): Promise<void> {
  const [now] = (await new PostgresAppStore(database).aliases(app)).filter((one) => one.alias === alias);
  if (now?.revision !== revision) return;
  const actor = { name: 'switchyard', role: 'owner' } as const;
  await service.setAlias({ database, actor }, { app, alias, version, canary: null, expectedRevision: revision });
  const tried = canary?.version ?? '';
  logs.note({ app, version: tried }, 'error', `the canary of ${alias} failed too often and was ended`);
}
