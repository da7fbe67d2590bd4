import { defineCommand } from '../../shell/command.ts';
import { readCount } from '../../shell/read-arguments.ts';
import { journalArguments } from './journal-arguments.ts';

/** Shows the latest facts of a journal. */
export const journalTailCommand = defineCommand({
  description: 'Show the latest facts of a journal, one per line',
  args: { ...journalArguments, count: { type: 'string', default: '20', description: 'How many' } },
  async run(args, terminal) {
    const { runJournalTail } = await import('../../offline/journal/journal-tail.ts');
    const count = readCount('count', args.count);
    return runJournalTail({ folder: args.dir, json: args.json === true, count }, terminal);
  },
});
