import type { Plan } from '../../../sdk/index.ts';
import { exitCodes, usageError } from '../../shell/cli-error.ts';
import { defineCommand } from '../../shell/command.ts';
import { connect, connectionArguments } from '../../shell/connect.ts';
import { readCount } from '../../shell/read-arguments.ts';
import { readJsonFile } from '../../shell/read-file.ts';
import { readInstant } from '../../shell/read-money.ts';
import { type Columns, jsonArgument, listArguments, time, writeObject, writeRows } from '../../shell/write-answer.ts';

const shared = { ...connectionArguments, ...jsonArgument } as const;
const columns: Columns<Plan> = {
  id: (plan) => plan.id,
  version: (plan) => `${plan.version}`,
  made: (plan) => time(plan.createdAtMs),
  terms: (plan) => Object.keys(plan.terms).join(', ') || 'at cost',
};

/**
 * Lists plans in their versions.
 *
 * @example
 * switchyard plans list --plan reseller
 */
export const plansListCommand = defineCommand({
  description: 'List versions of plans, the latest of each first',
  args: { plan: { type: 'string', description: 'Only versions of this plan' }, ...shared, ...listArguments },
  async run(args, terminal) {
    const limit = args.limit === undefined ? undefined : readCount('limit', args.limit);
    const page = await connect(args, terminal).plans.list({ plan: args.plan, limit, cursor: args.cursor });
    writeRows(terminal, page, { columns, json: args.json });
    return exitCodes.ok;
  },
});

/**
 * Shows the terms of one version.
 *
 * @example
 * switchyard plans show reseller@0123456789abcdef
 */
export const plansShowCommand = defineCommand({
  description: 'Show the terms of one version of a plan',
  args: { id: { type: 'positional', required: true, description: 'Id of the version: name@digest' }, ...shared },
  async run(args, terminal) {
    writeObject(terminal, await connect(args, terminal).plans.get(args.id), args.json);
    return exitCodes.ok;
  },
});

/**
 * Makes a plan, or its next version.
 *
 * @example
 * switchyard plans create reseller --markup 20
 * switchyard plans create reseller --terms reseller.json
 */
export const plansCreateCommand = defineCommand({
  description: 'Make a plan, or the next version of one',
  args: {
    plan: { type: 'positional', required: true, description: 'Name of the plan' },
    terms: { type: 'string', description: 'JSON file of its terms, as in `plans` of the configuration file' },
    markup: { type: 'string', description: 'Percent added to the cost of use' },
    ...shared,
  },
  async run(args, terminal) {
    if (args.terms === undefined && args.markup === undefined) throw usageError('give --markup or --terms FILE');
    const read = args.terms === undefined ? {} : await readJsonFile(args.terms);
    const terms = { ...read, ...(args.markup !== undefined && { markupPercent: args.markup }) };
    writeObject(terminal, await connect(args, terminal).plans.create({ plan: args.plan, terms }), args.json);
    return exitCodes.ok;
  },
});

/**
 * Puts a customer on a version of a plan.
 *
 * @example
 * switchyard plans subscribe acme --plan reseller --seats 5
 */
export const plansSubscribeCommand = defineCommand({
  description: 'Put a customer on a plan; the subscription before ends there',
  args: {
    customer: { type: 'positional', required: true, description: 'Id of the customer' },
    plan: { type: 'string', required: true, description: 'Name of the plan for its latest version, or name@digest' },
    seats: { type: 'string', description: 'Seats; else 1' },
    from: { type: 'string', description: 'When it begins: a date or milliseconds; else now' },
    ...shared,
  },
  async run(args, terminal) {
    const client = connect(args, terminal);
    const latest = args.plan.includes('@')
      ? undefined
      : (await client.plans.list({ plan: args.plan, limit: 1 })).data[0];
    if (!args.plan.includes('@') && latest === undefined) throw usageError(`there is no plan "${args.plan}"`);
    const started = await client.plans.subscribe(args.customer, {
      planVersionId: latest?.id ?? args.plan,
      seats: args.seats === undefined ? undefined : readCount('seats', args.seats),
      validFromMs: args.from === undefined ? undefined : readInstant('from', args.from),
    });
    writeObject(terminal, started, args.json);
    return exitCodes.ok;
  },
});
