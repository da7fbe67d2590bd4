import { defineCommand } from '../shell/command.ts';
import { databaseArguments } from './database/database-arguments.ts';

/** Looks at this machine. */
export const doctorCommand = defineCommand({
  description: 'Say what would run on this machine, and what is missing',
  args: databaseArguments,
  async run(args, terminal) {
    const { runDoctor } = await import('../offline/doctor/doctor.ts');
    return runDoctor({ data: args.data, config: args.config, json: args.json === true }, terminal);
  },
});
