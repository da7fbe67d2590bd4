import type { EndpointPrice, PricePeriod } from '../../../sdk/index.ts';
import { exitCodes, usageError } from '../../shell/cli-error.ts';
import { defineCommand } from '../../shell/command.ts';
import { connect, connectionArguments } from '../../shell/connect.ts';
import { readCount } from '../../shell/read-arguments.ts';
import { type Columns, jsonArgument, listArguments, time, writeObject, writeRows } from '../../shell/write-answer.ts';

const shared = { ...connectionArguments, ...jsonArgument } as const;
const endpoint = { type: 'positional', required: true, description: 'HOST/MODEL' } as const;
const columns: Columns<EndpointPrice> = {
  endpoint: (price) => price.endpoint,
  state: (price) => price.state,
  input: (price) => price.figures['input'],
  'cache read': (price) => price.figures['cacheRead'],
  output: (price) => price.figures['output'],
  from: (price) => price.sources.map(({ source }) => source).join(', ') || undefined,
};
const periodColumns: Columns<PricePeriod> = {
  from: (period) => time(period.validFromMs),
  to: (period) => time(period.validToMs),
  status: (period) => period.status,
  changed: (period) =>
    period.changed.map(({ figure, from, to }) => `${figure} ${from ?? 'absent'} → ${to ?? 'absent'}`).join(', '),
  'accepted by': (period) => period.acceptedBy,
};

/**
 * Lists what endpoints cost.
 *
 * @example
 * switchyard prices list --host anthropic
 */
export const pricesListCommand = defineCommand({
  description: 'List what endpoints cost by the price book, USD per million units',
  args: {
    host: { type: 'string', description: 'Only endpoints of this host' },
    contains: { type: 'string', description: 'Only endpoints with this in HOST/MODEL' },
    state: { type: 'string', description: 'Such as agreed, single, disputed, provisional, manual' },
    ...shared,
    ...listArguments,
  },
  async run(args, terminal) {
    const { host, contains, state, cursor } = args;
    const limit = args.limit === undefined ? undefined : readCount('limit', args.limit);
    const page = await connect(args, terminal).prices.list({ host, contains, state, limit, cursor });
    writeRows(terminal, page, { columns, json: args.json });
    return exitCodes.ok;
  },
});

/**
 * Shows a price through time.
 *
 * @example
 * switchyard prices history openai/gpt-5
 */
export const pricesHistoryCommand = defineCommand({
  description: 'Show the price of an endpoint through time',
  args: { endpoint, ...shared },
  async run(args, terminal) {
    const history = await connect(args, terminal).prices.history({ endpoint: args.endpoint });
    writeRows(terminal, history, { columns: periodColumns, json: args.json });
    return exitCodes.ok;
  },
});

/**
 * Accepts what one catalog says.
 *
 * @example
 * switchyard prices confirm openai/gpt-5 --source litellm
 */
export const pricesConfirmCommand = defineCommand({
  description: 'Accept what one catalog says of an endpoint: it rates requests from now on',
  args: { endpoint, source: { type: 'string', required: true, description: 'Name of the catalog' }, ...shared },
  async run(args, terminal) {
    const body = { endpoint: args.endpoint, source: args.source };
    writeObject(terminal, await connect(args, terminal).prices.confirm(body), args.json);
    return exitCodes.ok;
  },
});

/**
 * Sets a price by hand.
 *
 * @example
 * switchyard prices set own/llama --input 0.15 --output 0.60
 */
export const pricesSetCommand = defineCommand({
  description: 'Set a price by hand, which no catalog changes until it is released',
  args: {
    endpoint,
    input: { type: 'string', description: 'USD per million units of input' },
    output: { type: 'string', description: 'USD per million units of output' },
    'cache-read': { type: 'string', description: 'USD per million units read from the prompt cache' },
    ...shared,
  },
  async run(args, terminal) {
    const { input, output, 'cache-read': cacheRead } = args;
    const given = Object.entries({ input, output, cacheRead }).filter(([, price]) => price !== undefined);
    if (given.length === 0) throw usageError('give --input, --output or --cache-read; 0 is free');
    const body = { endpoint: args.endpoint, price: Object.fromEntries(given) };
    writeObject(terminal, await connect(args, terminal).prices.set(body), args.json);
    return exitCodes.ok;
  },
});

/**
 * Lets catalogs decide again.
 *
 * @example
 * switchyard prices release own/llama
 */
export const pricesReleaseCommand = defineCommand({
  description: 'Let catalogs decide again about a price that was set by hand',
  args: { endpoint, ...shared },
  async run(args, terminal) {
    writeObject(terminal, await connect(args, terminal).prices.release({ endpoint: args.endpoint }), args.json);
    return exitCodes.ok;
  },
});
