import type { RebuildReport, SumsReport } from '../../../ledger/index.ts';
import { systemClock } from '../../../platform/clock.ts';
import { silentLogger } from '../../../platform/logger.ts';
import { CliError, exitCodes } from '../../shell/cli-error.ts';
import { type Terminal, writeJson, writeLine } from '../../shell/terminal.ts';
import { findJournalFolder } from './journal-folder.ts';
import { type DatabasePlace, readDatabaseSetting, withDatabaseServer } from '../database/reach-database.ts';

/** Rebuilds projections; fails when they differ from the journal and were left as they are. */
export async function runJournalRebuild(
  options: DatabasePlace & { readonly json: boolean; readonly isDryRun: boolean; readonly isForced: boolean },
  terminal: Terminal,
): Promise<number> {
  const directory = findJournalFolder(options.data);
  const setting = readDatabaseSetting(options, terminal);
  const { rebuild, sums } = await withDatabaseServer(setting, ({ url }) => rebuildAt(url, { ...options, directory }));
  if (options.json) writeJson(terminal, toJson(rebuild, sums));
  else for (const line of describe(rebuild, sums)) writeLine(terminal, line);
  const isWell = (rebuild.isReplaced || rebuild.differences.length === 0) && sums.ok;
  return isWell ? exitCodes.ok : exitCodes.failure;
}

async function rebuildAt(
  url: string,
  options: { readonly directory: string; readonly isDryRun: boolean; readonly isForced: boolean },
): Promise<{ rebuild: RebuildReport; sums: SumsReport }> {
  const { openDatabase } = await import('../../../storage/index.ts');
  const { checkSums, LedgerError, rebuildProjections } = await import('../../../ledger/index.ts');
  // Comparing whole tables takes as long as it takes.
  const database = await openDatabase({ url, clock: systemClock, logger: silentLogger, statementTimeoutMs: 0 });
  try {
    const rebuild = await rebuildProjections(database, options);
    return { rebuild, sums: await checkSums(database, options.directory) };
  } catch (error) {
    if (error instanceof LedgerError) throw new CliError(error.message);
    throw error;
  } finally {
    await database.close();
  }
}

function toJson({ facts, booked, differences, isReplaced }: RebuildReport, sums: SumsReport): object {
  return {
    facts,
    exchanges: booked,
    isReplaced,
    differences: differences.map(({ table, missingRows, surplusRows }) => ({
      table,
      missingRows: missingRows.toString(),
      surplusRows: surplusRows.toString(),
    })),
    journalCostNanos: sums.journal.costNanos.toString(),
    journalChargeNanos: sums.journal.chargeNanos.toString(),
    ledgerCostNanos: sums.ledger.costNanos.toString(),
    ledgerChargeNanos: sums.ledger.chargeNanos.toString(),
    problems: sums.problems,
  };
}

function describe({ facts, booked, differences, isReplaced }: RebuildReport, sums: SumsReport): string[] {
  const outcome = isReplaced ? 'the rebuilt rollups are in place' : 'everything was left as it is';
  return [
    `${facts} facts, ${booked} exchanges; ${outcome}`,
    ...differences.map(
      ({ table, missingRows, surplusRows }) =>
        `${table} differs: ${missingRows} rows of the journal are missing, ${surplusRows} rows are not in the journal`,
    ),
    ...sums.problems,
    ...(sums.ok ? ['journal, ledger and rollups are equal to the nano'] : []),
  ];
}
