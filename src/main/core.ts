import { join } from 'node:path';
import type { LoadedConfig } from '../config/index.ts';
import type { Host } from '../domain/calls/endpoint.ts';
import type { OutcomeFact } from '../domain/facts/facts.ts';
import { Fault } from '../domain/faults/fault.ts';
import { type EvalService, SampleBook } from '../evals/index.ts';
import {
  ExchangeBoard,
  type Gateway,
  hostOfAccount,
  type LeftAnswerPort,
  type ObjectGateway,
  OutcomeDesk,
  ResponseCache,
  type PromptEmbedder,
  VerifierBook,
} from '../gateway/index.ts';
import { type Journal, JournalError, openJournal } from '../journal/index.ts';
import { systemClock } from '../platform/clock.ts';
import { createIdSource } from '../platform/ids.ts';
import { createLogger, type Logger } from '../platform/logger.ts';
import { createMetrics, type Metrics } from '../platform/metrics.ts';
import { createSystemRandom } from '../platform/random.ts';
import { createProviderRegistry, type ProviderRegistry, telemetryNameOf } from '../providers/index.ts';
import { type JudgeOutcomes, RolloutService, type RolloutServiceDeps } from '../rollouts/index.ts';
import { featureKindOf, judgeBy, LearningService, OutcomeBook, successBy } from '../routing/index.ts';
import { createSignals, defaultCircuitSettings, type Signals } from '../signals/index.ts';
import { openTelemetry, type Telemetry } from '../telemetry/index.ts';
import { openProductApps, type ProductApps } from './apps.ts';
import { type Business, openBusiness } from './business.ts';
import { openComputeDesk } from './compute.ts';
import type { DatabaseLink } from './database-link.ts';
import { openEvals, openNightlyEvals } from './evals.ts';
import { openFixes, type ProductFixes } from './fixes.ts';
import { readGatewayId } from './gateway-id.ts';
import { openInference } from './inference.ts';
import { type Money, sharesDatabase } from './money.ts';
import { openProductRuntime, type ProductRuntime } from './runtime.ts';
import type { ServeOptions } from './serve-options.ts';
import { shadowParts } from './shadows.ts';
import { Opened } from './opened.ts';
import { openSnapshots, type Snapshots } from './snapshots.ts';
import { openVerifiers } from './verifiers.ts';

/** Everything that lives as long as the process. */
export interface Core {
  readonly options: ServeOptions;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly providers: ProviderRegistry;
  readonly journal: Journal;
  readonly signals: Signals;
  readonly outcomes: OutcomeBook;
  readonly outcomeDesk: OutcomeDesk;
  readonly evals: EvalService;
  readonly fixes: ProductFixes;
  /** Absent: prompts are read by their words. */
  readonly embedder: PromptEmbedder | undefined;
  readonly rollouts: RolloutService;
  readonly samples: SampleBook;
  readonly learning: LearningService;
  readonly board: ExchangeBoard;
  readonly database: DatabaseLink;
  readonly tokens: Business['tokens'];
  readonly sealer: Business['sealer'];
  readonly money: Money;
  readonly gateway: Gateway;
  readonly objects: ObjectGateway;
  readonly runtime: ProductRuntime;
  readonly apps: ProductApps;
  readonly startedAtMs: number;
  readonly state: Snapshots['state'];
  readonly discovery: Snapshots['discovery'];
  /** Makes a configuration the current one. Throws a Fault when it names what does not exist. */
  adopt(loaded: LoadedConfig): void;
  newId(prefix: string): string;
  isOwner(token: string): boolean;
  close(): Promise<void>;
}

/** Constructs and wires the parts; nothing is reachable from outside yet. What cannot be opened leaves nothing open. */
export async function createCore(options: ServeOptions, loaded: LoadedConfig, isOwner: Core['isOwner']): Promise<Core> {
  const opened = new Opened();
  try {
    return await openCore({ options, loaded, isOwner, opened });
  } catch (error) {
    await opened.close();
    throw error;
  }
}

interface Start extends Pick<Core, 'options' | 'isOwner'> {
  readonly loaded: LoadedConfig;
  readonly opened: Opened;
}

async function openCore({ options, loaded, isOwner, opened }: Start): Promise<Core> {
  const base = createBase(loaded);
  const { logger, metrics, newId, providers } = base;
  const snapshots = opened.add(await openSnapshots(loaded, providers, logger));
  const { state } = snapshots;
  const isConfigured = (endpointId: string): boolean => state.snapshot.catalog.isConfigured(endpointId);
  const signals = createSignals(systemClock, {
    isConfigured,
    circuit: { ...defaultCircuitSettings, ...loaded.config.network.circuit },
  });
  const judge = ruleJudge(state, successBy);
  const rollouts = await openRollouts(loaded, options, { ...base, judge, database: () => business.database.current() });
  const { learning, outcomes, verifierBook } = openLearning({ state, logger, rollouts, loaded });
  const board = new ExchangeBoard(metrics, isConfigured);
  const gatewayId = readGatewayId(options.dataDirectory, sharesDatabase(loaded.config.database));
  const journal = opened.add(await openProductJournal({ ...options, gatewayId, loaded, logger }));
  const outcomeDesk = new OutcomeDesk({ journal, outcomes, clock: systemClock, newId });
  const kept = { options, gatewayId, journal, snapshots, learning, verifierBook, rollouts };
  const business = opened.add(await openBusiness(loaded, { ...kept, logger, metrics, newId }));
  rollouts.start();
  const cache = new ResponseCache(systemClock, () => state.snapshot.loaded.config.cache);
  const telemetry = observe({ state, metrics, logger, signals, journal, cache });
  const samples = openSamples({ state, logger, outcomes, judge }, options);
  const known = { signals, journal, outcomes, outcomeDesk, learning, rollouts, samples };
  const plane = { ...base, ...known, business, board, cache, state, leftAnswers: together([rollouts, samples]) };
  const config = (): LoadedConfig['config'] => state.snapshot.loaded.config;
  const desk = openComputeDesk({ config, journal, gate: business.money.ports.gate, newId });
  const ran = { ...options, loaded, config, journal, outcomeDesk, logger, newId, desk };
  const runtime = opened.add(openProductRuntime(ran));
  const code = { tools: runtime.codeTool, verifiers: openVerifiers(runtime), verifierBook };
  const inference = await openInference({ ...plane, ...code, options, loaded, tracing: telemetry.tracing });
  const apps = openProductApps({ ...ran, metrics, sealer: business.sealer, database: business.database });
  const close = async (): Promise<void> => {
    await Promise.all([runtime.close(), apps.close()]);
    await inference.drain();
    await rollouts.close();
    learning.close();
    await inference.close();
    await Promise.all([snapshots.close(), telemetry.close()]);
    await journal.close();
    await business.close();
  };
  const { database, money, adopt, tokens, sealer } = business;
  const { gateway, objects, embedder } = inference;
  const own = { tokens, sealer, startedAtMs: systemClock.nowMs(), objects, adopt, newId, isOwner, close };
  return withEvals({
    ...base,
    ...known,
    options,
    board,
    gateway,
    embedder,
    database,
    money,
    runtime,
    apps,
    ...snapshots,
    ...own,
  });
}

/** What every part needs and nothing holds state of customers. */
function createBase(loaded: LoadedConfig): Pick<Core, 'logger' | 'metrics' | 'newId' | 'providers'> {
  return {
    logger: createLogger(loaded.config.log.level),
    metrics: createMetrics(),
    newId: createIdSource(systemClock, createSystemRandom()),
    providers: createProviderRegistry({ clock: systemClock }),
  };
}

/** Evaluations and fixes use everything else, and end before it. */
function withEvals(core: Omit<Core, 'evals' | 'fixes'>): Core {
  const evals = openEvals(core);
  const fixes = openFixes(core);
  const nightly = openNightlyEvals(core, evals);
  core.rollouts.useCopies(shadowParts(core));
  return {
    ...core,
    evals,
    fixes,
    async close() {
      const stopped = core.rollouts.stopCopies();
      await Promise.all([nightly.close(), evals.close(), fixes.close(), stopped]);
      await core.close();
    },
  };
}

/** Rollouts as the last run left them: the database may open later. */
async function openRollouts(
  { config }: LoadedConfig,
  { dataDirectory }: ServeOptions,
  { newId, logger, judge, database }: Pick<RolloutServiceDeps, 'logger' | 'judge' | 'database'> & Pick<Core, 'newId'>,
): Promise<RolloutService> {
  const rollouts = new RolloutService({
    clock: systemClock,
    logger,
    dataDirectory,
    processId: newId('prc'),
    judge,
    database,
  });
  if (config.database !== 'off') await rollouts.loadFromDisk();
  return rollouts;
}

/** Requests that jobs keep to evaluate models on. */
function openSamples(
  { state, logger, outcomes, judge }: Pick<Core, 'state' | 'logger' | 'outcomes'> & { readonly judge: JudgeOutcomes },
  { dataDirectory }: ServeOptions,
): SampleBook {
  return new SampleBook({
    dataDirectory,
    logger,
    settingsOf: (job) => state.snapshot.catalog.job(job)?.settings.samples,
    outcomesOf: (requestId) => outcomes.of(requestId),
    judge,
  });
}

/** Everybody who wants answers that have left. */
function together(ports: readonly LeftAnswerPort[]): LeftAnswerPort {
  return {
    wants: (job) => ports.some((port) => port.wants(job)),
    left(answer) {
      for (const port of ports) if (port.wants(answer.job)) port.left(answer);
    },
  };
}

/** What outcomes say by the rule that their job has now. */
function ruleJudge(state: Core['state'], judge: typeof judgeBy): JudgeOutcomes {
  return (job, told) => judge(state.snapshot.catalog.job(job)?.settings.success, told);
}

/** What outcomes teach, by the rules of the jobs as they are now. */
function openLearning({
  state,
  logger,
  rollouts,
  loaded,
}: Pick<Core, 'state' | 'logger' | 'rollouts'> & { readonly loaded: LoadedConfig }): Pick<
  Core,
  'learning' | 'outcomes'
> & {
  readonly verifierBook: VerifierBook;
} {
  const { features } = loaded.config.routing;
  const learning = new LearningService({
    clock: systemClock,
    featureKind: features && featureKindOf(features.model),
    judge: ruleJudge(state, judgeBy),
    ruleOf: (job) => state.snapshot.catalog.job(job)?.settings.success,
    failed: (error) =>
      logger.warn({ err: error }, 'learning about single prompts failed; what was learned before holds'),
    alarmed: (alarm) => logger.warn({ alarm }, 'a model answers worse than it did: what was learned of it counts less'),
  });
  const verifierBook = new VerifierBook();
  const note = (outcome: OutcomeFact): void => {
    learning.note(outcome);
    verifierBook.note(outcome);
    rollouts.told(outcome);
  };
  return { learning, verifierBook, outcomes: new OutcomeBook(note) };
}

/** Traces for a collector, gauges for a scraper. */
function observe(
  core: Pick<Core, 'state' | 'metrics' | 'logger' | 'signals' | 'journal'> & { cache: ResponseCache },
): Telemetry {
  const { state, metrics, logger, signals, journal, cache } = core;
  const sampleRatio = (): number => state.snapshot.loaded.config.telemetry.sampleRatio;
  return openTelemetry(
    {
      metrics,
      logger,
      sampleRatio,
      target: () => state.snapshot.otlpTarget,
      providerNameOf: (hostId) => providerNameOf(state.snapshot.catalog.host(hostOfAccount(hostId))),
    },
    {
      endpoints: () => [...signals.all()].map(([id, one]) => [id, one.speed()] as const),
      journal: () => journal.state(),
      cacheBytes: () => cache.sizeBytes,
      monotonicMs: () => systemClock.monotonicMs(),
    },
  );
}

function openProductJournal({
  dataDirectory,
  gatewayId,
  loaded,
  logger,
}: Pick<ServeOptions, 'dataDirectory'> & {
  gatewayId: string;
  loaded: LoadedConfig;
  logger: Logger;
}): Promise<Journal> {
  const { config } = loaded;
  const { durability, retentionDays, minFreeMebibytes } = config.journal;
  return openJournal({
    directory: join(dataDirectory, 'journal'),
    gatewayId,
    durability,
    clock: systemClock,
    log: ({ level, event, fields }) => logger[level](fields, event),
    limits: { retentionMs: retentionDays * 24 * 3_600_000, reserveBytes: minFreeMebibytes * 1024 * 1024 },
    // What is not projected yet is the only record of what customers owe.
    isProjected: config.database !== 'off',
  }).catch((error: unknown) => {
    throw error instanceof JournalError ? new Fault('conflict', { message: error.message, cause: error }) : error;
  });
}

/** The simulator and hosts that are gone are known by nothing better than their own name. */
function providerNameOf(host: Host | undefined): string | undefined {
  return host && host.id !== 'sim' ? telemetryNameOf(host.providerId) : undefined;
}
