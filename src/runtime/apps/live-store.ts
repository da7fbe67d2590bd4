import type { Database } from '../../storage/index.ts';
import { PostgresAppStore } from './app-store.ts';
import type { Alias, AppVersion, VersionManifest } from './app-types.ts';

/** All that serving apps needs to know. */
export interface LiveRows {
  readonly aliases: readonly Alias[];
  /** Every version that an alias points to, pointed to before, or tries out. */
  readonly versions: readonly Pick<AppVersion, 'app' | 'version' | 'manifest'>[];
  /** Sealed values by app and name. */
  readonly secrets: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** Sealed secrets of the keys that apps call models with, by app. */
  readonly keys: ReadonlyMap<string, string>;
}

/** Reads what is served at the moment. */
export async function readLive(database: Pick<Database, 'db'>): Promise<LiveRows> {
  const { db } = database;
  const store = new PostgresAppStore(database);
  const aliases = await store.aliases();
  const rows = await db
    .selectFrom('app_version as v')
    .innerJoin('app_alias as a', 'a.app', 'v.app')
    .where(({ eb, or, ref }) =>
      or([
        eb('v.version', '=', ref('a.version')),
        eb('v.version', '=', ref('a.previous_version')),
        eb('v.version', '=', ref('a.canary_version')),
      ]),
    )
    .select(['v.app', 'v.version', 'v.manifest'])
    .distinctOn(['v.app', 'v.version'])
    .execute();
  const sealed = await store.secrets();
  const keyed = await db.selectFrom('app').select(['name', 'sealed_key']).where('sealed_key', 'is not', null).execute();
  const secrets = new Map<string, Map<string, string>>();
  for (const { app, name, sealed: value } of sealed) {
    secrets.set(app, (secrets.get(app) ?? new Map<string, string>()).set(name, value));
  }
  return {
    aliases,
    versions: rows.map((row) => ({ ...row, manifest: row.manifest as VersionManifest })),
    secrets,
    keys: new Map(keyed.map(({ name, sealed_key: key }) => [name, key ?? ''])),
  };
}
