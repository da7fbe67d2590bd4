import { exitCodes } from '../../shell/cli-error.ts';
import { defineCommand } from '../../shell/command.ts';
import { connect, connectionArguments, importTimeoutMs } from '../../shell/connect.ts';
import { readTextFile } from '../../shell/read-file.ts';
import { readInstant } from '../../shell/read-money.ts';
import { writeObject } from '../../shell/write-answer.ts';

/**
 * Takes a file of prices into the price book of the running gateway, or shows what that would do.
 *
 * @example
 * switchyard prices import catalog.json
 * switchyard prices import catalog.json --dry-run
 */
export const pricesImportCommand = defineCommand({
  description: 'Take a catalog or a history of price changes into the price book; --dry-run needs no gateway',
  args: {
    file: {
      type: 'positional',
      required: true,
      description: 'Catalog (JSON, JSON lines) or history (CSV), may be gzipped for --dry-run',
    },
    format: { type: 'string', description: 'Format of a catalog; default: recognized by its rows' },
    provider: { type: 'string', description: 'Host of a file that holds only one' },
    at: { type: 'string', description: 'Date of the state of a catalog, YYYY-MM-DD; default: today' },
    'dry-run': { type: 'boolean', description: 'Change nothing' },
    ...connectionArguments,
    json: { type: 'boolean', description: 'Report as JSON' },
  },
  async run(args, terminal) {
    const { file, format, provider, at, json } = args;
    if (args['dry-run'] === true) {
      const { runPricesImportDry } = await import('../../offline/prices/prices-import.ts');
      return runPricesImportDry({ file, format, provider, at, dryRun: true, json: json === true }, terminal);
    }
    const content = await readTextFile(file);
    const stateAtMs = at === undefined ? undefined : readInstant('at', at);
    const client = connect(args, terminal, importTimeoutMs);
    writeObject(terminal, await client.prices.import({ content, format, provider, stateAtMs }), json);
    return exitCodes.ok;
  },
});
