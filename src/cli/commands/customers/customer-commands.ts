import type { Customer } from '../../../sdk/index.ts';
import { exitCodes } from '../../shell/cli-error.ts';
import { defineCommand } from '../../shell/command.ts';
import { connect, connectionArguments } from '../../shell/connect.ts';
import { readCount } from '../../shell/read-arguments.ts';
import { readChoice, readList } from '../../shell/read-money.ts';
import { type Columns, jsonArgument, listArguments, writeObject, writeRows } from '../../shell/write-answer.ts';

const shared = { ...connectionArguments, ...jsonArgument } as const;
const id = { type: 'positional', required: true, description: 'Id of the customer' } as const;
const settings = {
  name: { type: 'string', description: 'Name for people' },
  'time-zone': { type: 'string', description: 'IANA time zone of its periods, such as Europe/Berlin' },
  currency: { type: 'string', description: 'Currency of its invoices, such as EUR' },
  models: { type: 'string', description: 'Models its keys may use at most, separated by commas' },
} as const;
const columns: Columns<Customer> = {
  id: (customer) => customer.id,
  name: (customer) => customer.displayName,
  status: (customer) => customer.status,
  'time zone': (customer) => customer.timeZone,
  currency: (customer) => customer.currency,
  source: (customer) => customer.source,
};

interface SettingArguments {
  readonly name?: string | undefined;
  readonly 'time-zone'?: string | undefined;
  readonly currency?: string | undefined;
  readonly models?: string | undefined;
}

function settingsOf(args: SettingArguments) {
  return {
    displayName: args.name,
    timeZone: args['time-zone'],
    currency: args.currency,
    models: readList(args.models),
  };
}

/**
 * Lists customers.
 *
 * @example
 * switchyard customers list --json
 */
export const customersListCommand = defineCommand({
  description: 'List customers',
  args: { ...shared, ...listArguments },
  async run(args, terminal) {
    const limit = args.limit === undefined ? undefined : readCount('limit', args.limit);
    const page = await connect(args, terminal).customers.list({ limit, cursor: args.cursor });
    writeRows(terminal, page, { columns, json: args.json });
    return exitCodes.ok;
  },
});

/**
 * Shows one customer.
 *
 * @example
 * switchyard customers show acme
 */
export const customersShowCommand = defineCommand({
  description: 'Show one customer',
  args: { id, ...shared },
  async run(args, terminal) {
    writeObject(terminal, await connect(args, terminal).customers.get(args.id), args.json);
    return exitCodes.ok;
  },
});

/**
 * Adds a customer.
 *
 * @example
 * switchyard customers create acme --name "Acme GmbH" --time-zone Europe/Berlin --currency EUR
 */
export const customersCreateCommand = defineCommand({
  description: 'Add a customer',
  args: { id, ...settings, ...shared },
  async run(args, terminal) {
    const customer = await connect(args, terminal).customers.create({ id: args.id, ...settingsOf(args) });
    writeObject(terminal, customer, args.json);
    return exitCodes.ok;
  },
});

/**
 * Changes a customer.
 *
 * @example
 * switchyard customers update acme --status suspended
 */
export const customersUpdateCommand = defineCommand({
  description: 'Change a customer; suspending one refuses its keys within a second',
  args: { id, status: { type: 'string', description: 'active, suspended or closed' }, ...settings, ...shared },
  async run(args, terminal) {
    const status =
      args.status === undefined ? undefined : readChoice('status', args.status, ['active', 'suspended', 'closed']);
    const customer = await connect(args, terminal).customers.update(args.id, { ...settingsOf(args), status });
    writeObject(terminal, customer, args.json);
    return exitCodes.ok;
  },
});
