import type { Server } from 'node:http';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import {
  buildAllHosts,
  Catalog,
  LocalDiscovery,
  type LocalHost,
  localHosts,
  offerLocalModels,
  type OfferedModel,
} from './catalog/index.ts';
import {
  type ConfigError,
  formatProblem,
  loadConfig,
  type LoadedConfig,
  policySchema,
  readSecret,
  watchConfig,
} from './config/index.ts';
import { createMediaFetcher, createUpstreamPools, Hedging, type NetworkSettings } from './dispatch/index.ts';
import type { Host } from './domain/endpoint.ts';
import type { InboundDialectId } from './domain/dialect.ts';
import { Fault } from './domain/fault.ts';
import { ExchangeBoard, Gateway, type ObjectGateway, openKept, ResponseCache } from './gateway/index.ts';
import {
  closeServer,
  createControlApp,
  createHttpServer,
  createInferenceHandler,
  createStatusHandler,
  listen,
} from './http/index.ts';
import { type Journal, openJournal } from './journal/index.ts';
import { systemClock } from './platform/clock.ts';
import { createIdSource } from './platform/ids.ts';
import { createLogger, type Logger } from './platform/logger.ts';
import { createMetrics, type Metrics } from './platform/metrics.ts';
import { createSystemRandom } from './platform/random.ts';
import { createTimerWheel } from './platform/timer-wheel.ts';
import {
  anthropicMessagesInbound,
  geminiInbound,
  type InboundProtocol,
  openAIChatInbound,
  openAIResponsesInbound,
} from './protocols/index.ts';
import { createProviderRegistry, type Provider, type ProviderRegistry } from './providers/index.ts';
import { OutcomeBook, StickyMap } from './routing/index.ts';
import { createSignals, type Signals } from './signals/index.ts';
import { simulatedModels, type Simulator, startSimulator } from './simulator/index.ts';
import { openTelemetry, type OtlpTarget, readOtlpTarget, type Telemetry } from './telemetry/index.ts';
import { buildKeyRing, type KeyRing, Limiter, ownerTokenMatcher, readOwnerToken } from './tenants/index.ts';

/** How the product is started. */
export interface ServeOptions {
  /** Given explicitly, the file must exist; else `switchyard.yaml` is read if there is one. */
  readonly configFile?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly dataDirectory: string;
  readonly environment: { readonly [name: string]: string | undefined };
}

/** The running product. */
export interface Product {
  readonly url: string;
  readonly ownerToken: string;
  readonly ownerTokenIsNew: boolean;
  /** Lines for a person who just started it. */
  readonly hints: readonly string[];
  /** Reads the configuration anew; the last good one stays if it is unusable. */
  reload(): void;
  /** Takes no new work, lets running streams finish up to the deadline, seals the journal. */
  drain(): Promise<void>;
}

/** What a reload replaces as a whole. */
interface Snapshot {
  readonly loaded: LoadedConfig;
  readonly catalog: Catalog;
  readonly keys: KeyRing;
  readonly otlpTarget: OtlpTarget | undefined;
}

const inbounds: { readonly [Dialect in InboundDialectId]: InboundProtocol } = {
  'openai-chat': openAIChatInbound,
  'openai-responses': openAIResponsesInbound,
  'anthropic-messages': anthropicMessagesInbound,
  gemini: geminiInbound,
};

/** Everything that lives as long as the process. */
interface Core {
  readonly options: ServeOptions;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly providers: ProviderRegistry;
  readonly journal: Journal;
  readonly signals: Signals;
  readonly outcomes: OutcomeBook;
  readonly board: ExchangeBoard;
  readonly gateway: Gateway;
  readonly objects: ObjectGateway;
  readonly startedAtMs: number;
  readonly state: { snapshot: Snapshot; isDraining: boolean };
  readonly discovery: LocalDiscovery;
  /** Makes a configuration the current one. Throws a Fault when it names what does not exist. */
  adopt(loaded: LoadedConfig): void;
  newId(prefix: string): string;
  isOwner(token: string): boolean;
  close(): Promise<void>;
}

/** Starts everything in order. Throws ConfigError or Fault when it cannot be started as configured. */
export async function startProduct(options: ServeOptions): Promise<Product> {
  const loaded = loadConfig(
    options.configFile ?? 'switchyard.yaml',
    options.environment,
    options.configFile !== undefined,
  );
  const bindHost = options.host ?? loaded.config.server.host;
  refuseOpenBind(bindHost, loaded);
  const owner = readOwnerToken(options.dataDirectory, options.environment['SWITCHYARD_OWNER_TOKEN']);
  const core = await createCore(options, loaded, ownerTokenMatcher(owner.token));
  await replayOutcomes(core.journal, core.outcomes);
  const server = openEdge(core);
  const port = await listen(server, bindHost, options.port ?? loaded.config.server.port).catch(
    async (error: unknown) => {
      await core.close();
      throw error;
    },
  );
  const watch = watchConfig(loaded, options.environment, {
    changed: (next, difference) => reload(core, next, { difference, bindHost }),
    refused: (error) => logReloadProblem(core.logger, error),
  });
  return {
    url: `http://${isIP(bindHost) === 6 ? `[${bindHost}]` : bindHost}:${port}`,
    ownerToken: owner.token,
    ownerTokenIsNew: owner.isNew,
    hints: hintsOf(core),
    reload: () => watch.reload(),
    async drain() {
      core.state.isDraining = true;
      watch.close();
      await closeServer(server, core.state.snapshot.loaded.config.server.drainMs);
      await core.close();
    },
  };
}

async function createCore(options: ServeOptions, loaded: LoadedConfig, isOwner: Core['isOwner']): Promise<Core> {
  const logger = createLogger(loaded.config.log.level);
  const metrics = createMetrics();
  const random = createSystemRandom();
  const newId = createIdSource(systemClock, random);
  const providers = createProviderRegistry({ clock: systemClock });
  const snapshots = await openSnapshots(loaded, providers, logger);
  const { state } = snapshots;
  const journal = await openProductJournal(options.dataDirectory, loaded, logger);
  const signals = createSignals(systemClock);
  const outcomes = new OutcomeBook();
  const board = new ExchangeBoard(metrics);
  const wheel = createTimerWheel(systemClock);
  const pools = createUpstreamPools(networkOf(loaded, options.environment));
  const media = createMediaFetcher(loaded.config.network, wheel);
  const providerOf = ({ host }: { host: Host }): Provider => providerOfHost(providers, host);
  const cache = new ResponseCache(systemClock, () => state.snapshot.loaded.config.cache);
  const telemetry = observe({ state, metrics, logger, signals, journal, cache });
  const shared = {
    dispatch: { pools, media, signals, wheel, clock: systemClock, random, providerOf },
    journal,
    limiter: new Limiter(systemClock),
    board,
    clock: systemClock,
    logger,
    newId,
    settings: () => ({ catalog: state.snapshot.catalog, config: state.snapshot.loaded.config }),
  };
  const kept = await openKept(options.dataDirectory, shared);
  const gateway = new Gateway({
    ...shared,
    responses: kept.responses,
    files: kept.files,
    outcomes,
    sticky: new StickyMap(systemClock),
    hedging: new Hedging(systemClock),
    cache,
    tracing: telemetry.tracing,
  });
  const close = async (): Promise<void> => {
    await gateway.close();
    // Calls about objects run on without their clients; past the grace they end with their connections.
    const cut = wheel.after(state.snapshot.loaded.config.server.drainMs, () => void pools.close());
    await kept.settled();
    cut.cancel();
    await Promise.all([pools.close(), snapshots.close(), telemetry.close()]);
    wheel.close();
    await journal.close();
  };
  const core = { options, logger, metrics, providers, journal, signals, outcomes, board, gateway };
  return { ...core, startedAtMs: systemClock.nowMs(), ...snapshots, objects: kept.objects, newId, isOwner, close };
}

/** The current snapshot with what changes it: another configuration, or model servers found on this machine. */
async function openSnapshots(
  loaded: LoadedConfig,
  providers: ProviderRegistry,
  logger: Logger,
): Promise<Pick<Core, 'state' | 'discovery' | 'adopt' | 'close'>> {
  let latest = loaded;
  const discovery = new LocalDiscovery({ hosts: () => localHosts(latest, providers.listProviders()) });
  const simulating = startSimulator({ scripting: false, models: simulatedModels.map(({ name }) => name) });
  const [simulator] = await Promise.all([simulating, discovery.refresh()]);
  const snapshot = (next: LoadedConfig): Snapshot => snapshotOf(next, providers, { simulator, found: discovery.found });
  const state = { snapshot: snapshot(loaded), isDraining: false };
  discovery.start((found) => {
    state.snapshot = snapshot(latest);
    logger.info({ hosts: found.map(({ host, models }) => ({ host: host.id, models: models.length })) }, 'local hosts');
  });
  return {
    state,
    discovery,
    adopt(next) {
      state.snapshot = snapshot(next);
      latest = next;
    },
    async close() {
      await Promise.all([discovery.close(), simulator.close()]);
    },
  };
}

/** Traces for a collector, gauges for a scraper. */
function observe(
  core: Pick<Core, 'state' | 'metrics' | 'logger' | 'signals' | 'journal'> & { cache: ResponseCache },
): Telemetry {
  const { state, metrics, logger, signals, journal, cache } = core;
  const sampleRatio = (): number => state.snapshot.loaded.config.telemetry.sampleRatio;
  return openTelemetry(
    { metrics, logger, sampleRatio, target: () => state.snapshot.otlpTarget },
    {
      endpoints: () => [...signals.all()].map(([id, one]) => [id, one.speed()] as const),
      journal: () => journal.state(),
      cacheBytes: () => cache.sizeBytes,
      monotonicMs: () => systemClock.monotonicMs(),
    },
  );
}

function openEdge(core: Core): Server {
  const { state, journal, metrics, isOwner, board, logger } = core;
  const notReady = (): string | undefined => {
    if (state.isDraining) return 'draining';
    const { accepting, reason } = journal.state();
    return accepting ? undefined : (reason ?? 'the journal takes no facts');
  };
  const inference = createInferenceHandler({
    ...core,
    inboundOf: (dialect) => inbounds[dialect],
    settings: () => ({ config: state.snapshot.loaded.config, keys: state.snapshot.keys }),
    listModels: () => state.snapshot.catalog.list(),
    findModel: (id) => state.snapshot.catalog.find(id),
    admits: () => !state.isDraining && board.runningCount < state.snapshot.loaded.config.server.maxConcurrent,
    refused: (fault) => board.refuse(fault),
  });
  const control = createControlApp({ ...core, clock: systemClock });
  const listener = getRequestListener(control.fetch, { overrideGlobalObjects: false });
  return createHttpServer(state.snapshot.loaded.config.server, {
    inference,
    status: createStatusHandler({ metrics, notReady, isOwner }),
    corsOrigins: () => state.snapshot.loaded.config.server.corsOrigins,
    control: (request, response) => void listener(request, response),
    troubled: (error) => logger.error({ err: error }, 'a connection could not be accepted'),
  });
}

function snapshotOf(
  loaded: LoadedConfig,
  providers: ProviderRegistry,
  { simulator, found }: { simulator: Simulator; found: readonly LocalHost[] },
): Snapshot {
  const hosts = buildAllHosts(loaded, providers.listProviders(), found);
  const simulated: Host = {
    id: 'sim',
    protocol: 'openai-chat',
    providerId: 'generic-openai-chat',
    baseUrl: `${simulator.url}/v1`,
    auth: { type: 'none' },
    timeouts: { connectMs: 2000, firstTokenMs: 30_000, idleMs: 30_000, totalMs: 600_000 },
    headers: {},
    maxConnections: 4096,
  };
  const offered = simulatedModels.map(({ name, description, price }): OfferedModel => ({
    name,
    host: simulated,
    upstreamModel: localName(name),
    description,
    simulated: true,
    price,
  }));
  const everyOffer = [...offerLocalModels(found), ...offered];
  const catalog = new Catalog({ loaded, hosts, offered: everyOffer, defaultPolicy: policySchema.parse({}) });
  return { loaded, catalog, keys: buildKeyRing(loaded), otlpTarget: otlpTargetOf(loaded) };
}

function otlpTargetOf({ config, secrets }: LoadedConfig): OtlpTarget | undefined {
  const { otlpEndpoint, otlpHeaders: reference } = config.telemetry;
  const otlpHeaders = reference === undefined ? undefined : readSecret(reference, secrets);
  return readOtlpTarget({ otlpEndpoint, otlpHeaders }, secrets.environment);
}

/** A configuration that parses but names what does not exist leaves the last good one in place. */
function reload(
  core: Core,
  next: LoadedConfig,
  { difference, bindHost }: { difference: readonly string[]; bindHost: string },
): void {
  void core.discovery.refresh();
  if (difference.length === 0) return;
  try {
    refuseOpenBind(bindHost, next);
    core.adopt(next);
    core.logger.info({ difference }, 'configuration reloaded');
  } catch (error) {
    if (!Fault.is(error)) throw error;
    core.logger.error({ problem: error.message }, 'configuration refused, the last good one stays');
  }
}

function logReloadProblem(logger: Logger, error: ConfigError): void {
  const problems = error.problems.map((one) => formatProblem(error.file, one));
  logger.error({ problems }, 'configuration refused, the last good one stays');
}

function openProductJournal(dataDirectory: string, loaded: LoadedConfig, logger: Logger): Promise<Journal> {
  const { durability, retentionDays } = loaded.config.journal;
  return openJournal({
    directory: join(dataDirectory, 'journal'),
    gatewayId: 'gw1',
    durability,
    clock: systemClock,
    log: ({ level, event, fields }) => logger[level](fields, event),
    limits: { retentionMs: retentionDays * 24 * 3_600_000 },
  });
}

/** What routing learned is a projection of the journal: read again at each start. */
async function replayOutcomes(journal: Journal, outcomes: OutcomeBook): Promise<void> {
  for await (const { fact } of journal.read()) if (fact.type === 'outcome') outcomes.note(fact);
}

function providerOfHost(providers: ProviderRegistry, host: Host): Provider {
  const provider = providers.getProvider(host.providerId);
  if (!provider) throw new Fault('internal', { message: `The host ${host.id} has no provider.` });
  return provider;
}

function networkOf({ config }: LoadedConfig, environment: ServeOptions['environment']): NetworkSettings {
  const proxyUrl = config.network.proxy ?? environment['HTTPS_PROXY'] ?? environment['https_proxy'];
  const listed = environment['NO_PROXY'] ?? environment['no_proxy'] ?? '';
  const noProxy =
    config.network.noProxy ??
    listed
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '');
  const { caFile } = config.network;
  return { noProxy, ...(proxyUrl && { proxyUrl }), ...(caFile !== undefined && { caFile }) };
}

/** A gateway that anyone can reach and nobody has to have a key for is never started. */
function refuseOpenBind(bindHost: string, loaded: LoadedConfig): void {
  const isLoopback = bindHost === 'localhost' || bindHost === '::1' || bindHost.startsWith('127.');
  if (isLoopback || loaded.config.keys.length > 0) return;
  const message = `Refusing to listen on ${bindHost} without keys: add at least one under "keys" in ${loaded.file}, or bind 127.0.0.1.`;
  throw new Fault('not_allowed', { message });
}

function hintsOf({ state, providers }: Core): string[] {
  const { catalog, loaded } = state.snapshot;
  const ready = catalog.hosts().map(({ id }) => id);
  const missing = providers.listProviders().flatMap(({ keyEnv, id }) => (ready.includes(id) ? [] : keyEnv.slice(0, 1)));
  return [
    loaded.exists ? `Configuration: ${loaded.file}` : `No ${loaded.file}: running on defaults.`,
    ready.length > 0
      ? `Hosts ready: ${ready.join(', ')}`
      : 'No provider keys found; simulated models sim/* answer, labelled as simulated.',
    `Set a key to add its host: ${missing.slice(0, 4).join(', ')} …`,
    ...loaded.warnings.map((warning) => formatProblem(loaded.file, warning)),
  ];
}

/** `sim/small` is `small` at the simulator. */
function localName(name: string): string {
  return name.replace(/^sim\//, '');
}
