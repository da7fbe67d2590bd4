import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CliError } from '../../shell/cli-error.ts';

/** Takes a data folder or the journal folder in it, whichever was given. */
export function findJournalFolder(folder: string): string {
  const inside = join(folder, 'journal');
  const found = existsSync(inside) ? inside : folder;
  if (!existsSync(found)) throw new CliError(`there is no folder ${folder}`);
  if (!statSync(found).isDirectory()) throw new CliError(`${folder} is a file; give the data folder`);
  return found;
}
