import { defineCommand } from '../../shell/command.ts';

/** Compares two catalogs on disk. */
export const pricesDiffCommand = defineCommand({
  description: 'Compare two catalogs, or two states of one: prices that moved, models that came and went',
  args: {
    from: { type: 'positional', required: true, description: 'Catalog file, JSON or JSON lines, may be gzipped' },
    to: { type: 'positional', required: true, description: 'Catalog file to compare it with' },
    at: { type: 'string', description: 'Day whose prices are compared, YYYY-MM-DD; default: today' },
    all: { type: 'boolean', description: 'Also what differs by less than one percent, came or went' },
    json: { type: 'boolean', description: 'Answer as JSON' },
  },
  async run(args, terminal) {
    const { runPricesDiff } = await import('../../offline/prices/prices-diff.ts');
    const { from, to, at, all, json } = args;
    return runPricesDiff({ from, to, at, all: all === true, json: json === true }, terminal);
  },
});
