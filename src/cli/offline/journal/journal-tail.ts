import type { Fact } from '../../../domain/facts/facts.ts';
import { exitCodes } from '../../shell/cli-error.ts';
import { type Terminal, writeJson, writeLine } from '../../shell/terminal.ts';
import { findJournalFolder } from './journal-folder.ts';

/** Shows the latest facts; reads the whole journal but keeps only as many as are shown. */
export async function runJournalTail(
  options: { readonly folder: string; readonly json: boolean; readonly count: number },
  terminal: Terminal,
): Promise<number> {
  const { readJournalDirectory } = await import('../../../journal/index.ts');
  const latest: Fact[] = [];
  for await (const { fact } of readJournalDirectory(findJournalFolder(options.folder))) {
    latest.push(fact);
    if (latest.length > options.count) latest.shift();
  }
  if (options.json) writeJson(terminal, latest);
  else for (const fact of latest) writeLine(terminal, JSON.stringify(fact));
  return exitCodes.ok;
}
