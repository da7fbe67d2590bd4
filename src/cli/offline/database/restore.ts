import { existsSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../platform/clock.ts';
import { CliError, exitCodes } from '../../shell/cli-error.ts';
import { type Terminal, writeJson, writeLine } from '../../shell/terminal.ts';
import { describeManifest } from './backup.ts';
import { type DatabasePlace, readDatabaseSetting, withDatabaseServer } from './reach-database.ts';

/** Brings a backup back into an empty data folder; what fails leaves no half of a database behind. */
export async function runRestore(
  options: DatabasePlace & { readonly from: string; readonly json: boolean },
  terminal: Terminal,
): Promise<number> {
  const setting = readDatabaseSetting(options, terminal);
  const journalFolder = join(options.data, 'journal');
  refuseUsed(journalFolder);
  if (setting.kind === 'embedded') refuseUsed(setting.folder);
  const { restoreBackup } = await import('../../../storage/index.ts');
  try {
    const manifest = await withDatabaseServer(setting, ({ url }) =>
      restoreBackup({ from: options.from, url, journalFolder, clock: systemClock }),
    );
    if (options.json) writeJson(terminal, manifest);
    else writeLine(terminal, `${describeManifest(manifest)} restored to ${options.data}`);
    return exitCodes.ok;
  } catch (error) {
    // Both were empty before.
    await rm(journalFolder, { recursive: true, force: true });
    if (setting.kind === 'embedded') await rm(setting.folder, { recursive: true, force: true });
    throw error;
  }
}

function refuseUsed(folder: string): void {
  const [first] = existsSync(folder) ? readdirSync(folder) : [];
  if (first === undefined) return;
  throw new CliError(`${folder} is not empty: restore into a new data folder, given with --data`);
}
