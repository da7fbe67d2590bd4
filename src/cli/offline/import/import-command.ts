import { defineCommand } from '../../shell/command.ts';

/** Imports the configuration of another gateway. */
export const importCommand = defineCommand({
  description: 'Import the configuration of LiteLLM, OpenRouter or Portkey, and report what became of each setting',
  args: {
    format: { type: 'positional', required: true, description: 'litellm, openrouter or portkey' },
    file: { type: 'positional', required: true, description: 'File to import, YAML or JSON' },
    out: { type: 'string', default: 'switchyard.yaml', description: 'File to write' },
    force: { type: 'boolean', description: 'Replace the file if it is there' },
    json: { type: 'boolean', description: 'Report as JSON' },
  },
  async run(args, terminal) {
    const { runImport } = await import('./run-import.ts');
    const { format, file, out } = args;
    return runImport({ format, file, out, force: args.force === true, json: args.json === true }, terminal);
  },
});
