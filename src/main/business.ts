import { JobCopy } from '../catalog/index.ts';
import type { LoadedConfig } from '../config/index.ts';
import type { Journal } from '../journal/index.ts';
import { systemClock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { VerifierBook } from '../gateway/index.ts';
import type { RolloutService } from '../rollouts/index.ts';
import type { LearningService } from '../routing/index.ts';
import {
  ControlFeed,
  CredentialOpener,
  type KeyRing,
  type OpenedCredentials,
  openSealer,
  type Sealer,
  TokenVerifier,
} from '../tenants/index.ts';
import { type DatabaseLink, linkDatabase } from './database-link.ts';
import { bringIn, databaseWork } from './database-work.ts';
import { lastCountIn } from './last-count.ts';
import { type Money, openMoney } from './money.ts';
import type { ServeOptions } from './serve-options.ts';
import type { Snapshots } from './snapshots.ts';

/** Customers and their money, with the database behind them. */
export interface Business {
  readonly money: Money;
  readonly feed: ControlFeed;
  readonly database: DatabaseLink;
  /** Keys of their own that customers bring, by customer and host. */
  credentials(): OpenedCredentials;
  /** Verifies the tokens that customers' backends mint for browsers. */
  readonly tokens: TokenVerifier;
  /** Seals secrets that must be read again; its key is made when it is first needed. */
  sealer(): Sealer;
  /** Makes a configuration the current one, in the database as well as soon as there is one. */
  adopt(next: LoadedConfig): void;
  close(): Promise<void>;
}

/** What the business side is opened with. */
export interface BusinessParts {
  readonly options: ServeOptions;
  readonly gatewayId: string;
  readonly journal: Journal;
  readonly snapshots: Snapshots;
  readonly learning: LearningService;
  readonly verifierBook: VerifierBook;
  readonly rollouts: RolloutService;
  readonly logger: Logger;
  readonly metrics: Metrics;
  newId(prefix: string): string;
}

/** Opens limits, plans and keys as far as the configuration and the last run know them; the database comes behind. */
export async function openBusiness(loaded: LoadedConfig, parts: BusinessParts): Promise<Business> {
  const { options, gatewayId, snapshots, logger, newId } = parts;
  const { dataDirectory } = options;
  const opened: { link?: DatabaseLink } = {};
  const money = await openMoney(loaded, {
    clock: systemClock,
    logger,
    gatewayId,
    lastCount: lastCountIn(dataDirectory),
    database: () => opened.link?.current(),
  });
  const sealer = openedOnce(() => openSealer(dataDirectory));
  const opener = openerOf(sealer, logger);
  let credentials: OpenedCredentials = new Map();
  const feed = new ControlFeed({
    dataDirectory,
    clock: systemClock,
    logger,
    changed(control) {
      snapshots.adoptControl(control);
      money.adoptSnapshot(control);
      credentials = opener.open(control);
    },
  });
  if (loaded.config.database !== 'off') await loadLastKnown(feed, snapshots, dataDirectory);
  const keys = (): KeyRing => snapshots.state.snapshot.keys;
  const tokens = new TokenVerifier({ clock: systemClock, sealer, snapshot: () => feed.snapshot, keys });
  const work = databaseWork({
    ...parts,
    dataDirectory,
    money,
    feed,
    loaded: () => snapshots.state.snapshot.loaded,
    adoptJobs: (jobs) => snapshots.adoptJobs(jobs),
  });
  const database = linkDatabase({ dataDirectory, loaded, logger, work });
  opened.link = database;
  return {
    money,
    feed,
    database,
    credentials: () => credentials,
    tokens,
    sealer,
    adopt(next) {
      snapshots.adopt(next);
      money.adopt(next);
      const open = database.current();
      if (!open) return;
      bringIn({ loaded: () => next, money }, { database: open, clock: systemClock, newId }).catch((error: unknown) =>
        logger.error({ err: error }, 'the configuration could not be brought into the database'),
      );
    },
    async close() {
      await money.close();
      await database.close();
    },
  };
}

/** What the database said last, so that nothing waits for it: customers, keys and jobs. */
async function loadLastKnown(feed: ControlFeed, snapshots: Snapshots, dataDirectory: string): Promise<void> {
  await feed.loadFromDisk();
  snapshots.adoptJobs(await new JobCopy(dataDirectory).read());
}

function openerOf(sealer: () => Sealer, logger: Logger): CredentialOpener {
  return new CredentialOpener({
    sealer,
    failed: (credential) => logger.error({ credential }, 'a provider key of a customer cannot be opened here'),
  });
}

/** Makes something when it is first asked for. */
function openedOnce<Opened>(open: () => Opened): () => Opened {
  let opened: Opened | undefined;
  return () => (opened ??= open());
}
