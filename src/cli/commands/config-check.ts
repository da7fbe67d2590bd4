import { defineCommand } from '../shell/command.ts';

/** Validates a configuration and says what it means. */
export const configCheckCommand = defineCommand({
  description: 'Validate a configuration and explain what it resolves to, with line numbers',
  args: {
    file: { type: 'positional', required: false, description: 'Configuration file; else switchyard.yaml' },
    config: { type: 'string', description: 'The same, as `serve` calls it' },
    json: { type: 'boolean', description: 'Answer as JSON' },
  },
  async run(args, terminal) {
    const { runConfigCheck } = await import('../offline/config-check/run-config-check.ts');
    const file = args.file ?? args.config ?? 'switchyard.yaml';
    return runConfigCheck({ file, json: args.json === true }, terminal);
  },
});
