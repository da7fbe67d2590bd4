import { defineCommand } from '../../shell/command.ts';

/** Says where a price of the shipped catalog comes from. */
export const pricesExplainCommand = defineCommand({
  description: 'Say what a model costs at a host, which catalogs say so, and which say otherwise (shipped catalog)',
  args: {
    endpoint: { type: 'positional', required: true, description: 'HOST/MODEL' },
    at: { type: 'string', description: 'Day of the price, YYYY-MM-DD; default: today' },
    json: { type: 'boolean', description: 'Answer as JSON' },
  },
  async run(args, terminal) {
    const { runPricesExplain } = await import('../../offline/prices/prices-explain.ts');
    return runPricesExplain({ endpoint: args.endpoint, at: args.at, json: args.json === true }, terminal);
  },
});
