import { Fault } from '../../domain/faults/fault.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../storage/index.ts';
import { type Actor, createKey, revokeKey, type Sealer } from '../../tenants/index.ts';
import { FunctionStartError, FunctionUnavailableError } from '../functions/index.ts';
import { appsChannel, type AppStore, PostgresAppStore } from './app-store.ts';
import type { Alias, AliasName, App, AppVersion, Canary, ScheduleSettings, VersionSettings } from './app-types.ts';
import { parseCron } from './cron.ts';
import { keyPurpose, secretPurpose } from './live-version.ts';
import { ScheduleStore } from './schedule-store.ts';
import type { SourceFile } from './source-files.ts';
import type { VersionBuilder } from './version-builder.ts';

/** A change of apps: the database of the call and who makes it. */
export interface AppChange {
  readonly database: Database;
  readonly actor: Actor;
}

/** A version as it is sent. */
export interface VersionUpload {
  readonly app: string;
  /** Whose app it is made or must be; null: a new one is the organisation's, and every app may be added to. */
  readonly customer: string | null;
  readonly files: readonly SourceFile[];
  readonly entry?: string | undefined;
  readonly assets?: string | undefined;
  readonly settings: VersionSettings;
  /** What the caller expects to come out. */
  readonly digest?: string | undefined;
}

/** What an alias should point to. */
export interface AliasWanted {
  readonly app: string;
  readonly alias: AliasName;
  readonly version: string;
  readonly canary: Canary | null;
  /** What the caller saw: null, that there is no such alias yet. */
  readonly expectedVersion?: string | null | undefined;
  readonly expectedRevision?: number | undefined;
}

/** What the service is built on. */
export interface AppServiceDeps {
  readonly clock: Clock;
  readonly builder: VersionBuilder;
  newId(prefix: string): string;
  sealer(): Sealer;
  /** Hears of uploads that cannot be built, with what the bundler said. */
  buildFailed?(upload: VersionUpload, log: string): void;
  /** Starts a version and answers when it takes requests; for files alone at once. */
  warm(database: Database, version: AppVersion): Promise<void>;
}

/** Makes versions, moves aliases, keeps secrets and schedules. Everything is one transaction of the caller. */
export class AppService {
  readonly #deps: AppServiceDeps;

  constructor(deps: AppServiceDeps) {
    this.#deps = deps;
  }

  /** Builds what was sent and keeps it; the very version that is there already is answered as it is. */
  async addVersion(
    { database, actor }: AppChange,
    upload: VersionUpload,
  ): Promise<{ readonly version: AppVersion; readonly isNew: boolean }> {
    const built = await this.#deps.builder.build(upload).catch((error: unknown) => {
      if (Fault.is(error) && error.code === 'invalid_request') this.#deps.buildFailed?.(upload, error.message);
      throw error;
    });
    if (upload.digest !== undefined && upload.digest !== built.digest) {
      const message = `The version is ${built.digest}, and ${upload.digest} was expected; nothing was kept.`;
      throw new Fault('conflict', { message, param: 'digest' });
    }
    const sourceSha256 = await built.keep();
    const store = new PostgresAppStore(database);
    const nowMs = this.#deps.clock.nowMs();
    const app = await store.ensure({ name: upload.app, customer: upload.customer, createdAtMs: nowMs });
    // Whoever looked before may have seen no app of that name, or another's that was removed since.
    if (upload.customer !== null && app.customer !== upload.customer) throw takenName(app.name);
    if (upload.settings.models && app.key === null) await this.#bindKey({ database, actor }, store, app);
    const { digest, version: id, manifest, log } = built;
    const made: AppVersion = {
      app: app.name,
      version: id,
      digest,
      manifest,
      buildLog: log,
      createdAtMs: nowMs,
      createdBy: actor.name,
    };
    const isNew = await store.addVersion(made, sourceSha256);
    return { version: (await store.findVersion(app.name, id)) ?? made, isNew };
  }

  /** Points an alias to a version that was seen to start; the loser of two changes at once gets `conflict`. */
  async setAlias({ database, actor }: AppChange, wanted: AliasWanted): Promise<Alias> {
    const { app, alias, canary } = wanted;
    const store = new PostgresAppStore(database);
    const now = await this.#currentAlias(store, wanted);
    const named = [wanted.version, ...(canary === null ? [] : [canary.version])];
    for (const id of named) {
      const version = await store.findVersion(app, id);
      if (version === undefined) throw new Fault('not_found', { message: `${app} has no version ${id}.` });
      await this.#warm(database, version);
    }
    const hasMoved = now?.version !== wanted.version;
    return this.#swap({ database, actor }, wanted, {
      previousVersion: hasMoved ? (now?.version ?? null) : (now?.previousVersion ?? null),
      expectedRevision: now?.revision ?? 0,
    }).then((swapped) => swapped ?? this.#lost(app, alias));
  }

  /** Points an alias back to what it pointed to before. */
  async rollBack(
    change: AppChange,
    { app, alias, expectedRevision }: Pick<AliasWanted, 'app' | 'alias' | 'expectedRevision'>,
  ): Promise<Alias> {
    const now = (await new PostgresAppStore(change.database).aliases(app)).find((one) => one.alias === alias);
    if (now === undefined) throw new Fault('not_found', { message: `${app} has no ${alias} version.` });
    if (now.previousVersion === null) {
      throw new Fault('conflict', { message: `${alias} of ${app} never pointed to another version.` });
    }
    // Only from what was read: a deploy in between is not taken back with it.
    const wanted = { app, alias, version: now.previousVersion, canary: null };
    return this.setAlias(change, { ...wanted, expectedRevision: expectedRevision ?? now.revision });
  }

  /** Keeps a secret of an app; processes that have it are replaced. */
  async setSecret(
    { database }: AppChange,
    { app, name, value }: { readonly app: string; readonly name: string; readonly value: string },
  ): Promise<void> {
    const store = new PostgresAppStore(database);
    await this.require(store, app);
    const sealed = this.#deps.sealer().seal(value, secretPurpose(app, name));
    const hint = value.length >= 12 ? value.slice(-4) : '';
    await store.putSecret({ app, name, sealed, hint, updatedAtMs: this.#deps.clock.nowMs() });
    await database.notify(appsChannel, app);
  }

  async removeSecret({ database }: AppChange, app: string, name: string): Promise<void> {
    if (!(await new PostgresAppStore(database).removeSecret(app, name))) {
      throw new Fault('not_found', { message: `${app} has no secret ${name}.` });
    }
    await database.notify(appsChannel, app);
  }

  async setSchedules({ database }: AppChange, app: string, wanted: readonly ScheduleSettings[]): Promise<void> {
    await this.require(new PostgresAppStore(database), app);
    const nowMs = this.#deps.clock.nowMs();
    const schedules = wanted.map((one) => {
      const cron = parseCron(one.cron, one.timeZone);
      if (cron === undefined) {
        const message = `${JSON.stringify(one.cron)} is no cron expression of five fields, such as "*/5 * * * *".`;
        throw new Fault('invalid_request', { message, param: 'schedules' });
      }
      return { ...one, nextDueAtMs: cron.next(nowMs) ?? null };
    });
    await new ScheduleStore(database).replace(app, schedules);
  }

  /** Removes an app with everything that is its own; the key that it called models with ends with it. */
  async remove({ database, actor }: AppChange, app: string): Promise<void> {
    const store = new PostgresAppStore(database);
    const { key } = await this.require(store, app);
    await store.remove(app);
    if (key !== null) await this.#endKey({ database, actor }, key);
    await database.notify(appsChannel, app);
  }

  /** The app, or `not_found`. */
  async require(store: AppStore, name: string): Promise<App> {
    const app = await store.find(name);
    if (app === undefined) throw unknownApp(name);
    return app;
  }

  async #currentAlias(store: AppStore, wanted: AliasWanted): Promise<Alias | undefined> {
    const { app, alias, expectedRevision, expectedVersion } = wanted;
    await this.require(store, app);
    const now = (await store.aliases(app)).find((one) => one.alias === alias);
    const isExpected =
      (expectedRevision === undefined || expectedRevision === (now?.revision ?? 0)) &&
      (expectedVersion === undefined || expectedVersion === (now?.version ?? null));
    if (isExpected) return now;
    const is = now === undefined ? 'does not exist' : `points to ${now.version} (revision ${now.revision})`;
    throw new Fault('conflict', { message: `${alias} of ${app} ${is}; it is not what you expected.` });
  }

  async #swap(
    { database, actor }: AppChange,
    { app, alias, version, canary }: AliasWanted,
    seen: { readonly previousVersion: string | null; readonly expectedRevision: number },
  ): Promise<Alias | undefined> {
    const atMs = this.#deps.clock.nowMs();
    const change = { app, alias, version, canary, ...seen, atMs, by: actor.name };
    const swapped = await new PostgresAppStore(database).swapAlias(change);
    if (swapped !== undefined) await database.notify(appsChannel, app);
    return swapped;
  }

  #lost(app: string, alias: AliasName): never {
    throw new Fault('conflict', { message: `${alias} of ${app} was changed by somebody else at the same time.` });
  }

  async #warm(database: Database, version: AppVersion): Promise<void> {
    try {
      await this.#deps.warm(database, version);
    } catch (error) {
      if (!(error instanceof FunctionStartError || error instanceof FunctionUnavailableError)) throw error;
      const message = `${version.version} does not start, so the alias stays where it is: ${error.message.slice(0, 2000)}`;
      throw new Fault('invalid_request', { message, param: 'version', cause: error });
    }
  }

  async #endKey({ database, actor }: AppChange, key: string): Promise<void> {
    const { clock, newId } = this.#deps;
    try {
      await revokeKey({ database, clock, newId }, actor, key);
    } catch (error) {
      // Somebody removed it before.
      if (!Fault.is(error) || error.code !== 'not_found') throw error;
    }
  }

  /** The app's own key: made once, known to nobody, put into its requests by the proxy. */
  async #bindKey({ database, actor }: AppChange, store: AppStore, { name, customer }: App): Promise<void> {
    const { clock, newId, sealer } = this.#deps;
    // Names of keys are never given twice, and an app may be made anew under the name of one that was removed.
    const wanted = { name: `app-${name}-${newId('key').slice(-8)}`, customer: customer ?? 'default' };
    const { key, secret } = await createKey({ database, clock, newId }, actor, wanted);
    await store.bindKey(name, { keyName: key.name, sealed: sealer().seal(secret, keyPurpose(name)) });
    await database.notify(appsChannel, name);
  }
}

/** What those are told who want the name of somebody else's app. */
export function takenName(app: string): Fault {
  return new Fault('conflict', { message: `The name "${app}" is taken; choose another one.`, param: 'app' });
}

function unknownApp(name: string): Fault {
  return new Fault('not_found', { message: `There is no app "${name}".` });
}
