import { defineCommand } from '../../shell/command.ts';

/** Lists the hosts that are usable, and those that would be with a key. */
export const hostsListCommand = defineCommand({
  description: 'List the hosts that are ready, and the keys that would add others',
  args: {
    config: { type: 'string', description: 'Configuration file; else switchyard.yaml if there is one' },
    json: { type: 'boolean', description: 'Answer as JSON' },
  },
  async run(args, terminal) {
    const { runHostsList } = await import('../../offline/hosts/hosts-list.ts');
    return runHostsList({ config: args.config, json: args.json === true }, terminal);
  },
});
