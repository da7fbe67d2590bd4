import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../../platform/clock.ts';
import type { BackupManifest } from '../../../storage/index.ts';
import { CliError, exitCodes } from '../../shell/cli-error.ts';
import { type Terminal, writeJson, writeLine } from '../../shell/terminal.ts';
import { type DatabasePlace, readDatabaseSetting, withDatabaseServer } from './reach-database.ts';

/** Saves the database and the journals of a data folder. */
export async function runBackup(
  options: DatabasePlace & { readonly to: string; readonly json: boolean },
  terminal: Terminal,
): Promise<number> {
  const setting = readDatabaseSetting(options, terminal);
  if (setting.kind === 'embedded' && !existsSync(setting.folder)) {
    throw new CliError(`there is no database in ${options.data}; give the data folder with --data`);
  }
  const { writeBackup } = await import('../../../storage/index.ts');
  const manifest = await withDatabaseServer(setting, ({ url }) =>
    writeBackup({ url, to: options.to, journalFolder: join(options.data, 'journal'), clock: systemClock }),
  );
  if (options.json) writeJson(terminal, manifest);
  else writeLine(terminal, `${describeManifest(manifest)} saved to ${options.to}`);
  return exitCodes.ok;
}

/** What a backup holds, in a few words. */
export function describeManifest({ tables, files }: BackupManifest): string {
  const rows = tables.reduce((sum, table) => sum + BigInt(table.rows), 0n);
  return `${rows} rows of ${tables.length} tables and ${files.length - 1} journal segments`;
}
