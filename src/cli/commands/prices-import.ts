import { defineCommand } from '../shell/command.ts';

/** Shows what importing a file of prices would do. */
export const pricesImportCommand = defineCommand({
  description: 'Read a catalog or a history of price changes and say what importing it would do',
  args: {
    file: {
      type: 'positional',
      required: true,
      description: 'Catalog (JSON, JSON lines) or history (CSV), may be gzipped',
    },
    format: { type: 'string', description: 'Format of a catalog; default: recognized by its rows' },
    provider: { type: 'string', description: 'Host of a file that holds only one' },
    at: { type: 'string', description: 'Date of the state of a catalog, YYYY-MM-DD; default: today' },
    'dry-run': { type: 'boolean', description: 'Change nothing' },
    json: { type: 'boolean', description: 'Report as JSON' },
  },
  async run(args, terminal) {
    const { runPricesImportDry } = await import('../offline/prices/prices-import.ts');
    const { file, format, provider, at, json } = args;
    const dryRun = args['dry-run'] === true;
    return runPricesImportDry({ file, format, provider, at, dryRun, json: json === true }, terminal);
  },
});
