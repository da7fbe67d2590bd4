import { join, resolve } from 'node:path';
import { loadConfig, readSecret } from '../../../config/index.ts';
import { silentLogger } from '../../../platform/logger.ts';
import type { ReachedServer } from '../../../storage/index.ts';
import { CliError } from '../../shell/cli-error.ts';
import type { Terminal } from '../../shell/terminal.ts';

/** Which database a command works on. */
export interface DatabasePlace {
  readonly data: string;
  readonly config: string | undefined;
}

/** What the configuration says about the database. */
export type DatabaseSetting =
  | { readonly kind: 'off' }
  | { readonly kind: 'pglite' }
  | { readonly kind: 'embedded'; readonly folder: string }
  | { readonly kind: 'external'; readonly setting: string; readonly url: string | undefined };

/** Reads which database the product would use. */
export function readDatabaseSetting({ data, config }: DatabasePlace, terminal: Terminal): DatabaseSetting {
  const loaded = loadConfig(config ?? 'switchyard.yaml', terminal.environment, config !== undefined);
  const setting = loaded.config.database;
  if (setting === 'off' || setting === 'pglite') return { kind: setting };
  if (setting === 'embedded') return { kind: 'embedded', folder: resolve(join(data, 'postgres')) };
  const url = /^(env|file):/.test(setting) ? readSecret(setting, loaded.secrets) : setting;
  return { kind: 'external', setting, url };
}

/** Reaches the database for the time of some work, whether or not the product runs; its refusals are expected. */
export async function withDatabaseServer<T>(
  setting: DatabaseSetting,
  work: (server: ReachedServer) => Promise<T>,
): Promise<T> {
  if (setting.kind === 'off') throw new CliError('the configuration says "database: off": there is no database');
  if (setting.kind === 'pglite') throw new CliError('PGlite has no backup: it is for trials only');
  const { DatabaseError, reachServer } = await import('../../../storage/index.ts');
  try {
    if (setting.kind === 'external') {
      if (setting.url === undefined) throw new CliError(`database: ${setting.setting} is not set`);
      return await work({ url: setting.url, isShared: true, release: () => Promise.resolve() });
    }
    const server = await reachServer({ folder: setting.folder, logger: silentLogger });
    try {
      return await work(server);
    } finally {
      await server.release();
    }
  } catch (error) {
    if (error instanceof DatabaseError) throw new CliError(error.message);
    throw error;
  }
}
