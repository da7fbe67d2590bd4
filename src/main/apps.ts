import { Fault } from '../domain/faults/fault.ts';
import { sessionCookie } from '../http/index.ts';
import { systemClock } from '../platform/clock.ts';
import {
  type Apps,
  type AppsSettings,
  type ComputeDesk,
  openApps,
  PostgresAppStore,
  StandingUse,
} from '../runtime/index.ts';
import type { DatabaseLink } from './database-link.ts';

/** Apps as part of the product: they follow its database as soon as there is one. */
export interface ProductApps extends Omit<Apps, 'follow' | 'close'> {
  /** Says where apps reach the gateway, once it listens. */
  listening(origin: string): void;
  /** Where the gateway is reached from this machine; undefined until it listens. */
  origin(): string | undefined;
  close(): Promise<void>;
}

/** What apps take from the rest of the product. */
export type ProductAppsDeps = Pick<
  AppsSettings,
  'dataDirectory' | 'environment' | 'logger' | 'metrics' | 'newId' | 'sealer'
> & {
  readonly database: DatabaseLink;
  /** Where use of machines is charged. */
  readonly desk: ComputeDesk;
};

/** Opens apps beside everything else; they are served when the database is open. */
export function openProductApps({ database, desk, ...deps }: ProductAppsDeps): ProductApps {
  const own: { origin?: string; isClosed?: boolean } = {};
  let isFollowing = false;
  const charged = new StandingUse({
    desk,
    kind: 'app',
    payerOf: (app) => payerOf(app, database),
    troubled: (error) => deps.logger.warn({ err: error }, 'what apps used could not be charged yet'),
  });
  const apps = openApps({
    ...deps,
    charged,
    clock: systemClock,
    hiddenCookies: [sessionCookie],
    gatewayOrigin: () => own.origin,
    absence: () => (isFollowing ? undefined : (database.absence() ?? 'it is starting')),
  });
  const following = database.settled().then(async () => {
    const open = database.current();
    if (open === undefined || own.isClosed === true) return () => Promise.resolve();
    const stop = await apps.follow(open);
    isFollowing = true;
    return stop;
  });
  following.catch((error: unknown) => deps.logger.error({ err: error }, 'apps cannot be served'));
  return {
    ...apps,
    listening: (origin) => void (own.origin = origin),
    origin: () => own.origin,
    async close() {
      own.isClosed = true;
      // A database that never opened is given up by its own close, behind this one.
      if (isFollowing) await (await following)();
      await apps.close();
      await charged.close();
    },
  };
}

/** Apps are paid for by their customer, under the key that they call models with. */
async function payerOf(
  app: string,
  database: DatabaseLink,
): Promise<{ readonly customer: string; readonly key: string } | undefined> {
  const open = database.current();
  if (open?.isAvailable() !== true) throw new Fault('database_unavailable');
  const found = await new PostgresAppStore(open).find(app);
  return found && { customer: found.customer ?? 'default', key: found.key ?? `app-${app}` };
}
