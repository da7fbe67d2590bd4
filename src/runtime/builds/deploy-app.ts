import { Fault } from '../../domain/faults/fault.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../storage/index.ts';
import { type Actor, recordChange } from '../../tenants/index.ts';
import { type AppService, takenName } from '../apps/app-service.ts';
import { PostgresAppStore } from '../apps/app-store.ts';
import type { AliasName } from '../apps/app-types.ts';
import type { SourceFile } from '../apps/source-files.ts';

/** An app to be served under an alias. */
export interface AppDeploy {
  readonly app: string;
  readonly alias: AliasName;
  readonly files: readonly SourceFile[];
  readonly entry?: string | undefined;
  readonly assets?: string | undefined;
  /** Whose app it is; an app of somebody else is not touched. Null: the organisation may change every app. */
  readonly customer: string | null;
  readonly actor: Actor;
}

/** What is served where. */
export interface DeployedApp {
  readonly app: string;
  readonly alias: AliasName;
  readonly version: string;
  /** Path of the gateway. */
  readonly path: string;
  readonly url: string;
}

/** What deploys need. */
export interface DeployDeps {
  readonly service: Pick<AppService, 'addVersion' | 'setAlias'>;
  readonly clock: Clock;
  database(): Database | undefined;
  /** Where the gateway is reached, without a slash at the end; undefined until it listens. */
  origin(): string | undefined;
}

const appName = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/;
const settings = { environment: {}, secrets: [], limits: {}, network: { allow: [], headers: [] }, models: false };

/** Makes a version of some files and points an alias to it, for programs and models rather than for people. */
export async function deployApp(wanted: AppDeploy, deps: DeployDeps): Promise<DeployedApp> {
  const { app, alias, customer, actor } = wanted;
  if (!appName.test(app) || app.includes('--')) {
    const message = `"${app.slice(0, 80)}" is no name of an app: 1 to 40 lower-case letters, digits or single inner dashes.`;
    throw new Fault('invalid_request', { message, param: 'app' });
  }
  const database = deps.database();
  if (database?.isAvailable() !== true) {
    throw new Fault('database_unavailable', {
      message: 'Apps need the database, which is not there.',
      retryAfterMs: 2000,
    });
  }
  const known = await new PostgresAppStore(database).find(app);
  // Before anything is built for nothing; the service looks again once the app is there.
  if (known && customer !== null && known.customer !== customer) throw takenName(app);
  const { files, entry, assets } = wanted;
  const change = { database, actor };
  const { version } = await deps.service.addVersion(change, { app, customer, files, entry, assets, settings });
  await deps.service.setAlias(change, { app, alias, version: version.version, canary: null });
  await recordChange(database, {
    atMs: deps.clock.nowMs(),
    actor: actor.name,
    role: actor.role,
    action: 'app-alias.set',
    subjectKind: 'app-alias',
    subjectId: `${app} ${alias}`,
    before: undefined,
    after: { version: version.version },
  });
  const path = `/a/${alias === 'prod' ? '' : `${alias}--`}${app}/`;
  return { app, alias, version: version.version, path, url: `${deps.origin() ?? ''}${path}` };
}
