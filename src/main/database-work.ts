import { join } from 'node:path';
import {
  asStoredJobs,
  CatalogFacts,
  JobCopy,
  jobsChannel,
  PriceFeed,
  priceFromTexts,
  pricesChannel,
  RatingVersions,
  readJobs,
  type StoredJob,
  StoredPriceBook,
} from '../catalog/index.ts';
import type { LoadedConfig } from '../config/index.ts';
import type { Price } from '../domain/rating/price.ts';
import type { Journal, JournalPosition } from '../journal/index.ts';
import {
  bookExpiry,
  bookOpeningGrants,
  dropExpired,
  MarginWatch,
  type Projection,
  replaceExportSinks,
  startProjection,
} from '../ledger/index.ts';
import type { VerifierBook } from '../gateway/index.ts';
import { systemClock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import { PeriodicTask } from '../platform/periodic-task.ts';
import type { RolloutService } from '../rollouts/index.ts';
import { dropOldOutcomes, followOutcomes, type LearningService } from '../routing/index.ts';
import type { Database } from '../storage/index.ts';
import {
  controlChannel,
  type ControlFeed,
  type ControlStore,
  readCustomerPlans,
  sweepWallets,
  syncConfig,
  syncPlans,
} from '../tenants/index.ts';
import type { DatabaseWork } from './database-link.ts';
import { exportSinks, startExports } from './exports.ts';
import type { Money, MoneyWork } from './money.ts';

/** What the work on an open database needs of the running gateway. */
export interface DatabaseWorkParts {
  readonly dataDirectory: string;
  readonly gatewayId: string;
  readonly journal: Journal;
  readonly money: Money;
  readonly feed: ControlFeed;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** What learns from the outcomes of all gateways. */
  readonly learning: LearningService;
  /** Measures verifiers by the outcomes of all gateways. */
  readonly verifierBook: VerifierBook;
  readonly rollouts: RolloutService;
  loaded(): LoadedConfig;
  adoptJobs(jobs: readonly StoredJob[]): void;
  newId(prefix: string): string;
}

const upkeepEveryMs = 60_000;
const releaseEveryMs = 250;
const plansEveryMs = 10_000;
const jobsEveryMs = 5000;
const upkeep = { name: 'switchyard', role: 'owner' } as const;

/** Starts everything that works on the open database, and stops it in the opposite order. */
export function databaseWork(parts: DatabaseWorkParts): DatabaseWork {
  return (database) => startAll((closers) => startWork(parts, database, closers));
}

/**
 * Runs a start that notes how to stop each of its parts. When it fails in the middle, what it had started is stopped
 * before the failure is told: the next try would otherwise find it still at work.
 */
export async function startAll(
  start: (closers: (() => Promise<unknown>)[]) => Promise<void>,
): Promise<() => Promise<void>> {
  const closers: (() => Promise<unknown>)[] = [];
  const closeAll = async (): Promise<void> => {
    const failures: unknown[] = [];
    for (const close of closers.splice(0).toReversed()) await close().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  };
  try {
    await start(closers);
  } catch (error) {
    // The failure of the start is the one to tell.
    await closeAll().catch(() => undefined);
    throw error;
  }
  return closeAll;
}

async function startWork(
  parts: DatabaseWorkParts,
  database: Database,
  closers: (() => Promise<unknown>)[],
): Promise<void> {
  const store: ControlStore = { database, clock: systemClock, newId: parts.newId };
  const earlierEnd = parts.journal.durableEnd();
  await bringIn(parts, store);
  const prices = await openPrices(parts, database, closers);
  closers.push(() => parts.feed.close());
  await parts.feed.follow(database);
  const projection = startProjection({
    ...parts,
    database,
    directory: join(parts.dataDirectory, 'journal'),
    clock: systemClock,
  });
  closers.push(() => projection.stop());
  parts.money.follow({ ...prices, projection, gatewayId: parts.gatewayId });
  closers.push(() => Promise.resolve(parts.money.follow(undefined)));
  closers.push(await followPlans(parts, database));
  closers.push(await followRouting(parts, database));
  const returning = returnEarlierLeases(parts, { projection, earlierEnd });
  closers.push(() => returning.stop());
  const keeper = startUpkeep(parts, store);
  closers.push(() => keeper.stop());
  const exporter = startExports({ ...parts, clock: systemClock }, database);
  closers.push(() => exporter.stop());
}

/** Brings a configuration's customers, keys, limits and plans into the database, where the others are. */
export async function bringIn(
  { loaded, money }: Pick<DatabaseWorkParts, 'loaded' | 'money'>,
  store: ControlStore,
): Promise<void> {
  const { config } = loaded();
  await syncConfig(store, config);
  await syncPlans(store, config);
  await replaceExportSinks(store.database.db, exportSinks(loaded()));
  const versions = new RatingVersions(store.database);
  const { prices, contracts } = money.agreed();
  await versions.remember([...prices, ...configuredPrices(loaded())], contracts);
  money.adoptPlans(await readCustomerPlans(store.database.db));
}

function configuredPrices({ config }: LoadedConfig): Price[] {
  const endpoints = Object.values(config.models).flatMap((model) => model.endpoints);
  return endpoints.flatMap(({ price }) => priceFromTexts(price) ?? []);
}

/** Plans that are made, and customers that are put on them, while it runs: here or at another gateway. */
function followPlans({ money, logger }: DatabaseWorkParts, database: Database): Promise<() => Promise<void>> {
  const read = async (): Promise<void> => money.adoptPlans(await readCustomerPlans(database.db));
  const refresh = (): void =>
    void read().catch((error: unknown) => logger.warn({ err: error }, 'the plans of customers could not be read'));
  return database.listen(controlChannel, refresh, { pollMs: plansEveryMs });
}

/** Jobs that the control API makes, and outcomes that other gateways were told: here within seconds. */
async function followRouting(
  { learning, verifierBook, rollouts, adoptJobs, dataDirectory, logger }: DatabaseWorkParts,
  database: Database,
): Promise<() => Promise<void>> {
  const failed = (error: unknown): void => logger.warn({ err: error }, 'jobs or outcomes could not be read');
  const copy = new JobCopy(dataDirectory);
  const readAgain = async (): Promise<void> => {
    const jobs = asStoredJobs(await readJobs(database));
    adoptJobs(jobs);
    await copy.write(jobs);
  };
  await readAgain();
  const stopJobs = await database.listen(jobsChannel, () => void readAgain().catch(failed), { pollMs: jobsEveryMs });
  const outcomes = await followOutcomes(database, {
    clock: systemClock,
    note(fact) {
      learning.note(fact);
      verifierBook.note(fact);
      rollouts.told(fact);
    },
    replaying: (isReplaying) => learning.replaying(isReplaying),
    failed,
  });
  return async () => {
    await stopJobs();
    await outcomes.close();
  };
}

/** The price book, fed by the shipped catalog, by catalogs that are polled and by other gateways. */
async function openPrices(
  { money, loaded, logger }: DatabaseWorkParts,
  database: Database,
  closers: (() => Promise<unknown>)[],
): Promise<Pick<MoneyWork, 'book' | 'pollStates'>> {
  const book = new StoredPriceBook(database);
  await book.refresh();
  money.usePrices(book);
  const failed = (source: string, problem: string): void =>
    logger.warn({ source, problem }, 'prices could not be read');
  const refresh = (): void => void book.refresh().catch((error: unknown) => failed('price book', String(error)));
  closers.push(await database.listen(pricesChannel, refresh, { pollMs: 10_000 }));
  const feed = new PriceFeed({
    book,
    facts: new CatalogFacts(),
    catalog: loaded().config.catalog,
    clock: systemClock,
    asLeader: (work) => database.withLeader('price-feed', work),
    changed: (events) => logger.info({ events: events.length }, 'the price book changed'),
    failed,
  });
  feed.start();
  closers.push(() => feed.close());
  return { book, pollStates: () => feed.pollStates() };
}

/** Until the journal of earlier runs is projected, what they had leased counts as spent; then it is given back. */
function returnEarlierLeases(
  { money, logger }: DatabaseWorkParts,
  { projection, earlierEnd }: { readonly projection: Projection; readonly earlierEnd: JournalPosition },
): PeriodicTask {
  const isReached = (): boolean => {
    const position = projection.progress()?.position;
    if (position === undefined || position.segment < earlierEnd.segment) return false;
    return position.segment > earlierEnd.segment || position.offset >= earlierEnd.offset;
  };
  const task = new PeriodicTask({
    everyMs: releaseEveryMs,
    async turn() {
      // Before this run is registered, which ones are earlier is not known.
      if (money.spending.run === undefined || !isReached()) return;
      await money.spending.releaseEarlierRuns();
      void task.stop();
    },
    failed: (error) => logger.warn({ err: error }, 'leases of earlier runs could not be given back; it is tried again'),
  });
  task.start();
  return task;
}

/** What is due now and then, in one gateway of many: expired credit, old partitions. */
function startUpkeep({ logger }: DatabaseWorkParts, store: ControlStore): PeriodicTask {
  const margins = new MarginWatch(store.database);
  let areOpeningsBooked = false;
  const turn = async (): Promise<void> => {
    await store.database.withLeader('upkeep', async () => {
      if (!areOpeningsBooked) await bookOpeningGrants(store.database);
      areOpeningsBooked = true;
      await sweepWallets(store, upkeep, bookExpiry);
      await dropExpired(store.database, systemClock.nowMs());
      await dropOldOutcomes(store.database, systemClock.nowMs());
      for (const alert of await margins.look(systemClock.nowMs())) {
        logger.warn({ alert }, 'a price takes the margin of a customer under the floor of its plan');
      }
    });
  };
  const task = new PeriodicTask({
    everyMs: upkeepEveryMs,
    turn,
    failed: (error) => logger.warn({ err: error }, 'upkeep of the database failed; it is tried again'),
  });
  task.start();
  return task;
}
