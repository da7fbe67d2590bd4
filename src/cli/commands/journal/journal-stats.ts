import { defineCommand } from '../../shell/command.ts';
import { journalArguments } from './journal-arguments.ts';

/** Sums up a journal. */
export const journalStatsCommand = defineCommand({
  description: 'Sum up a journal: requests, attempts, faults, usage and cost by model',
  args: journalArguments,
  async run(args, terminal) {
    const { runJournalStats } = await import('../../offline/journal/journal-stats.ts');
    return runJournalStats({ folder: args.dir, json: args.json === true }, terminal);
  },
});
