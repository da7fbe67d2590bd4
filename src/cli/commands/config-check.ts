import { defineCommand } from '../shell/command.ts';

/** Validates a configuration and says what it means. */
export const configCheckCommand = defineCommand({
  description: 'Validate a configuration and explain what it resolves to, with line numbers',
  args: {
    file: { type: 'positional', default: 'switchyard.yaml', description: 'Configuration file' },
    json: { type: 'boolean', description: 'Answer as JSON' },
  },
  async run(args, terminal) {
    const { runConfigCheck } = await import('../offline/config-check/run-config-check.ts');
    return runConfigCheck({ file: args.file, json: args.json === true }, terminal);
  },
});
