import { defineCommand } from '../../shell/command.ts';
import { journalArguments } from './journal-arguments.ts';

/** Audits a journal. */
export const journalVerifyCommand = defineCommand({
  description: 'Read every frame of a journal and compare it with its checksums, footers and neighbours',
  args: journalArguments,
  async run(args, terminal) {
    const { runJournalVerify } = await import('../../offline/journal/journal-verify.ts');
    return runJournalVerify({ folder: args.dir, json: args.json === true }, terminal);
  },
});
