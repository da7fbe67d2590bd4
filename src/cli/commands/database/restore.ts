import { defineCommand } from '../../shell/command.ts';
import { databaseArguments } from './database-arguments.ts';

/** Brings a backup back. */
export const restoreCommand = defineCommand({
  description: 'Bring a backup back into an empty data folder or an empty database',
  args: {
    from: { type: 'positional', required: true, description: 'Folder of the backup' },
    ...databaseArguments,
  },
  async run(args, terminal) {
    const { runRestore } = await import('../../offline/database/restore.ts');
    return runRestore({ from: args.from, data: args.data, config: args.config, json: args.json === true }, terminal);
  },
});
