import type { Selectable } from 'kysely';
import type { Database, Tables } from '../../storage/index.ts';
import type { Alias, AliasName, App, AppVersion, Canary, VersionManifest } from './app-types.ts';

/** Channel on which gateways hear that apps changed. */
export const appsChannel = 'apps';

/** A secret of an app as it lies in the database. */
export interface SealedSecret {
  readonly app: string;
  readonly name: string;
  readonly sealed: string;
  readonly hint: string;
  readonly updatedAtMs: number;
}

/** What an alias should become, if it still is what the caller saw. */
export interface AliasChange {
  readonly app: string;
  readonly alias: AliasName;
  readonly version: string;
  readonly previousVersion: string | null;
  readonly canary: Canary | null;
  /** 0 for an alias that does not exist yet. */
  readonly expectedRevision: number;
  readonly atMs: number;
  readonly by: string;
}

/** Which versions of an app to list, newest first. */
export interface VersionPage {
  readonly limit: number;
  readonly before?: { readonly createdAtMs: number; readonly version: string } | undefined;
}

/** The repository of apps. */
export interface AppStore {
  list(page: { readonly limit: number; readonly after?: string | undefined }): Promise<App[]>;
  find(name: string): Promise<App | undefined>;
  /** Makes the app unless it exists; answers it as it is. */
  ensure(app: Pick<App, 'name' | 'customer' | 'createdAtMs'>): Promise<App>;
  bindKey(name: string, key: { readonly keyName: string; readonly sealed: string }): Promise<void>;
  sealedKey(name: string): Promise<string | undefined>;
  remove(name: string): Promise<boolean>;
  /** Answers false when the very version was there. */
  addVersion(version: AppVersion, sourceSha256?: string): Promise<boolean>;
  /** Digest of the files that a version was built from; undefined when they were not kept. */
  sourceOf(app: string, version: string): Promise<string | undefined>;
  findVersion(app: string, version: string): Promise<AppVersion | undefined>;
  listVersions(app: string, page: VersionPage): Promise<AppVersion[]>;
  aliases(app?: string): Promise<Alias[]>;
  /** Answers undefined when somebody else was faster. */
  swapAlias(change: AliasChange): Promise<Alias | undefined>;
  secrets(app?: string): Promise<SealedSecret[]>;
  putSecret(secret: SealedSecret): Promise<void>;
  removeSecret(app: string, name: string): Promise<boolean>;
}

/** Apps in Postgres. */
export class PostgresAppStore implements AppStore {
  readonly #db: Database['db'];

  constructor({ db }: Pick<Database, 'db'>) {
    this.#db = db;
  }

  async list({ limit, after }: { readonly limit: number; readonly after?: string | undefined }): Promise<App[]> {
    let query = this.#db.selectFrom('app').selectAll().orderBy('name').limit(limit);
    if (after !== undefined) query = query.where('name', '>', after);
    return (await query.execute()).map(toApp);
  }

  async find(name: string): Promise<App | undefined> {
    const row = await this.#db.selectFrom('app').selectAll().where('name', '=', name).executeTakeFirst();
    return row && toApp(row);
  }

  async ensure({ name, customer, createdAtMs }: Pick<App, 'name' | 'customer' | 'createdAtMs'>): Promise<App> {
    const row = { name, customer_id: customer, key_name: null, sealed_key: null, created_at_ms: BigInt(createdAtMs) };
    await this.#db
      .insertInto('app')
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    return toApp(await this.#db.selectFrom('app').selectAll().where('name', '=', name).executeTakeFirstOrThrow());
  }

  async bindKey(name: string, { keyName, sealed }: { keyName: string; sealed: string }): Promise<void> {
    const change = { key_name: keyName, sealed_key: sealed };
    await this.#db.updateTable('app').set(change).where('name', '=', name).execute();
  }

  async sealedKey(name: string): Promise<string | undefined> {
    const row = await this.#db.selectFrom('app').select('sealed_key').where('name', '=', name).executeTakeFirst();
    return row?.sealed_key ?? undefined;
  }

  async remove(name: string): Promise<boolean> {
    const { numDeletedRows } = await this.#db.deleteFrom('app').where('name', '=', name).executeTakeFirst();
    return numDeletedRows > 0n;
  }

  async addVersion(one: AppVersion, sourceSha256?: string): Promise<boolean> {
    const { app, version, digest, manifest, buildLog, createdAtMs, createdBy } = one;
    const { numInsertedOrUpdatedRows } = await this.#db
      .insertInto('app_version')
      .values({
        app,
        version,
        digest,
        manifest: JSON.stringify(manifest),
        build_log: buildLog,
        source_sha256: sourceSha256 ?? null,
        created_at_ms: BigInt(createdAtMs),
        created_by: createdBy,
      })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    return (numInsertedOrUpdatedRows ?? 0n) > 0n;
  }

  async sourceOf(app: string, version: string): Promise<string | undefined> {
    const query = this.#db.selectFrom('app_version').select('source_sha256').where('app', '=', app);
    return (await query.where('version', '=', version).executeTakeFirst())?.source_sha256 ?? undefined;
  }

  async findVersion(app: string, version: string): Promise<AppVersion | undefined> {
    const query = this.#db.selectFrom('app_version').selectAll().where('app', '=', app);
    const row = await query.where('version', '=', version).executeTakeFirst();
    return row && toVersion(row);
  }

  async listVersions(app: string, { limit, before }: VersionPage): Promise<AppVersion[]> {
    let query = this.#db.selectFrom('app_version').selectAll().where('app', '=', app);
    if (before !== undefined) {
      const atMs = BigInt(before.createdAtMs);
      query = query.where(({ eb, and, or }) =>
        or([eb('created_at_ms', '<', atMs), and([eb('created_at_ms', '=', atMs), eb('version', '>', before.version)])]),
      );
    }
    const rows = await query.orderBy('created_at_ms', 'desc').orderBy('version').limit(limit).execute();
    return rows.map(toVersion);
  }

  async aliases(app?: string): Promise<Alias[]> {
    let query = this.#db.selectFrom('app_alias').selectAll().orderBy('app').orderBy('alias');
    if (app !== undefined) query = query.where('app', '=', app);
    return (await query.execute()).map(toAlias);
  }

  async swapAlias(change: AliasChange): Promise<Alias | undefined> {
    const values = {
      version: change.version,
      previous_version: change.previousVersion,
      canary_version: change.canary?.version ?? null,
      canary_share: change.canary?.share ?? null,
      revision: BigInt(change.expectedRevision + 1),
      changed_at_ms: BigInt(change.atMs),
      changed_by: change.by,
    };
    const { app, alias, expectedRevision } = change;
    const row =
      expectedRevision === 0
        ? await this.#db
            .insertInto('app_alias')
            .values({ app, alias, ...values })
            .onConflict((conflict) => conflict.doNothing())
            .returningAll()
            .executeTakeFirst()
        : await this.#db
            .updateTable('app_alias')
            .set(values)
            .where('app', '=', app)
            .where('alias', '=', alias)
            .where('revision', '=', BigInt(expectedRevision))
            .returningAll()
            .executeTakeFirst();
    return row && toAlias(row);
  }

  async secrets(app?: string): Promise<SealedSecret[]> {
    let query = this.#db.selectFrom('app_secret').selectAll().orderBy('app').orderBy('name');
    if (app !== undefined) query = query.where('app', '=', app);
    return (await query.execute()).map(({ updated_at_ms, ...row }) => ({ ...row, updatedAtMs: Number(updated_at_ms) }));
  }

  async putSecret({ app, name, sealed, hint, updatedAtMs }: SealedSecret): Promise<void> {
    const values = { sealed, hint, updated_at_ms: BigInt(updatedAtMs) };
    await this.#db
      .insertInto('app_secret')
      .values({ app, name, ...values })
      .onConflict((conflict) => conflict.columns(['app', 'name']).doUpdateSet(values))
      .execute();
  }

  async removeSecret(app: string, name: string): Promise<boolean> {
    const query = this.#db.deleteFrom('app_secret').where('app', '=', app).where('name', '=', name);
    return (await query.executeTakeFirst()).numDeletedRows > 0n;
  }
}

function toApp({ name, customer_id, key_name, created_at_ms }: Selectable<Tables['app']>): App {
  return { name, customer: customer_id, key: key_name, createdAtMs: Number(created_at_ms) };
}

function toVersion(row: Selectable<Tables['app_version']>): AppVersion {
  const { app, version, digest, manifest, build_log, created_at_ms, created_by } = row;
  return {
    app,
    version,
    digest,
    manifest: manifest as VersionManifest,
    buildLog: build_log,
    createdAtMs: Number(created_at_ms),
    createdBy: created_by,
  };
}

function toAlias(row: Selectable<Tables['app_alias']>): Alias {
  const { canary_version: version, canary_share: share } = row;
  return {
    app: row.app,
    alias: row.alias,
    version: row.version,
    previousVersion: row.previous_version,
    canary: version === null || share === null ? null : { version, share },
    revision: Number(row.revision),
    changedAtMs: Number(row.changed_at_ms),
    changedBy: row.changed_by,
  };
}
