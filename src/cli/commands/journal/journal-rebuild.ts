import { defineCommand } from '../../shell/command.ts';
import { databaseArguments } from '../database/database-arguments.ts';

/** Makes every projection anew from the journal. */
export const journalRebuildCommand = defineCommand({
  description: 'Make usage and every other projection anew from the journal, compare, and put them in place',
  args: {
    check: { type: 'boolean', description: 'Only compare; change nothing' },
    force: { type: 'boolean', description: 'Replace rollups even if they differ; the ledger is never replaced' },
    ...databaseArguments,
  },
  async run(args, terminal) {
    const { runJournalRebuild } = await import('../../offline/journal/journal-rebuild.ts');
    return runJournalRebuild(
      {
        data: args.data,
        config: args.config,
        json: args.json === true,
        isDryRun: args.check === true,
        isForced: args.force === true,
      },
      terminal,
    );
  },
});
