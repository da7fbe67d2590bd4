import { defineCommand } from '../../shell/command.ts';
import { databaseArguments } from './database-arguments.ts';

/** Saves database and journals. */
export const backupCommand = defineCommand({
  description: 'Save customers, prices, ledger and journals to a folder, while everything goes on working',
  args: {
    to: { type: 'positional', required: true, description: 'Folder for the backup; new or empty' },
    ...databaseArguments,
  },
  async run(args, terminal) {
    const { runBackup } = await import('../../offline/database/backup.ts');
    return runBackup({ to: args.to, data: args.data, config: args.config, json: args.json === true }, terminal);
  },
});
