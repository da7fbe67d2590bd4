import type { Key } from '../../../sdk/index.ts';
import { exitCodes } from '../../shell/cli-error.ts';
import { defineCommand } from '../../shell/command.ts';
import { connect, connectionArguments } from '../../shell/connect.ts';
import { readCount } from '../../shell/read-arguments.ts';
import { readInstant, readList } from '../../shell/read-money.ts';
import { writeLine } from '../../shell/terminal.ts';
import { type Columns, jsonArgument, listArguments, time, writeObject, writeRows } from '../../shell/write-answer.ts';

const shared = { ...connectionArguments, ...jsonArgument } as const;
const name = { type: 'positional', required: true, description: 'Name of the key' } as const;
const columns: Columns<Key> = {
  name: (key) => key.name,
  customer: (key) => key.customer,
  project: (key) => key.project,
  models: (key) => key.models.join(','),
  status: (key) => key.status,
  expires: (key) => time(key.expiresAtMs),
  source: (key) => key.source,
};
const limitArguments = {
  'requests-per-minute': { type: 'string', description: 'Requests in any minute' },
  'tokens-per-minute': { type: 'string', description: 'Input and output tokens in any minute' },
  concurrent: { type: 'string', description: 'Requests running at once' },
} as const;

/**
 * Lists keys.
 *
 * @example
 * switchyard keys list --customer acme
 */
export const keysListCommand = defineCommand({
  description: 'List keys, without their secrets',
  args: { customer: { type: 'string', description: 'Only those of this customer' }, ...shared, ...listArguments },
  async run(args, terminal) {
    const { customer, cursor } = args;
    const limit = args.limit === undefined ? undefined : readCount('limit', args.limit);
    const page = await connect(args, terminal).keys.list({ limit, cursor, customer });
    writeRows(terminal, page, { columns, json: args.json });
    return exitCodes.ok;
  },
});

/**
 * Makes a key and shows its secret once.
 *
 * @example
 * switchyard keys create shop --customer acme --models "small,job/*" --concurrent 50
 */
export const keysCreateCommand = defineCommand({
  description: 'Make a key; its secret is shown this once',
  args: {
    name,
    customer: { type: 'string', required: true, description: 'Whom it belongs to' },
    project: { type: 'string', description: 'Project of the customer' },
    models: { type: 'string', description: 'Models it may use, separated by commas; else all' },
    expires: { type: 'string', description: 'When it ends: a date or milliseconds since the epoch' },
    ...limitArguments,
    ...shared,
  },
  async run(args, terminal) {
    const made = await connect(args, terminal).keys.create({
      name: args.name,
      customer: args.customer,
      project: args.project,
      models: readList(args.models),
      limits: limitsOf(args),
      expiresAtMs: args.expires === undefined ? undefined : readInstant('expires', args.expires),
    });
    writeObject(terminal, made, args.json);
    if (args.json !== true) writeLine(terminal, 'The secret is not kept: it cannot be shown again.');
    return exitCodes.ok;
  },
});

/**
 * Gives a key a new secret; the old one works on for a while.
 *
 * @example
 * switchyard keys rotate shop --overlap-hours 24
 */
export const keysRotateCommand = defineCommand({
  description: 'Give a key a new secret; the old one works until the overlap ends',
  args: {
    name,
    'overlap-hours': { type: 'string', default: '24', description: 'How long the old secret works on; 0 ends it now' },
    ...shared,
  },
  async run(args, terminal) {
    const hours = args['overlap-hours'] === '0' ? 0 : readCount('overlap-hours', args['overlap-hours']);
    const rotated = await connect(args, terminal).keys.rotate(args.name, { overlapMs: hours * 3_600_000 });
    writeObject(terminal, rotated, args.json);
    return exitCodes.ok;
  },
});

/**
 * Ends a key for good.
 *
 * @example
 * switchyard keys revoke shop
 */
export const keysRevokeCommand = defineCommand({
  description: 'End a key for good: every gateway refuses it within a second',
  args: { name, ...shared },
  async run(args, terminal) {
    writeObject(terminal, await connect(args, terminal).keys.revoke(args.name), args.json);
    return exitCodes.ok;
  },
});

function limitsOf(args: { readonly [Name in keyof typeof limitArguments]?: string | undefined }) {
  const read = (option: keyof typeof limitArguments): number | undefined => {
    const text = args[option];
    return text === undefined ? undefined : readCount(option, text);
  };
  return {
    requestsPerMinute: read('requests-per-minute'),
    tokensPerMinute: read('tokens-per-minute'),
    concurrent: read('concurrent'),
  };
}
