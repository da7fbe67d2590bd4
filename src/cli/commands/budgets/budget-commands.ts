import type { Budget, BudgetUse } from '../../../sdk/index.ts';
import { exitCodes } from '../../shell/cli-error.ts';
import { defineCommand } from '../../shell/command.ts';
import { connect, connectionArguments } from '../../shell/connect.ts';
import { readCount } from '../../shell/read-arguments.ts';
import { readChoice, readUsd } from '../../shell/read-money.ts';
import {
  type Columns,
  jsonArgument,
  listArguments,
  time,
  usd,
  writeObject,
  writeRows,
} from '../../shell/write-answer.ts';

const shared = { ...connectionArguments, ...jsonArgument } as const;
const id = { type: 'positional', required: true, description: 'Id of the budget' } as const;
const columns: Columns<Budget> = {
  id: (budget) => budget.id,
  scope: (budget) => budget.scope,
  name: (budget) => budget.name,
  customer: (budget) => budget.customer,
  limit: (budget) => usd(budget.limitNanos),
  period: (budget) => budget.period,
  kind: (budget) => (budget.isHard ? 'hard' : 'soft'),
  source: (budget) => budget.source,
};
const useColumns: Columns<BudgetUse> = {
  subject: (use) => use.subject || '(all)',
  'period from': (use) => time(use.periodStartMs),
  spent: (use) => usd(use.spentNanos),
  held: (use) => usd(use.heldNanos),
};

/**
 * Lists spending limits.
 *
 * @example
 * switchyard budgets list --customer acme
 */
export const budgetsListCommand = defineCommand({
  description: 'List spending limits',
  args: { customer: { type: 'string', description: 'Only those of this customer' }, ...shared, ...listArguments },
  async run(args, terminal) {
    const { customer, cursor } = args;
    const limit = args.limit === undefined ? undefined : readCount('limit', args.limit);
    const page = await connect(args, terminal).budgets.list({ limit, cursor, customer });
    writeRows(terminal, page, { columns, json: args.json });
    return exitCodes.ok;
  },
});

/**
 * Sets a limit.
 *
 * @example
 * switchyard budgets create --scope customer --name acme --limit 500 --period month
 */
export const budgetsCreateCommand = defineCommand({
  description: 'Set a spending limit; what was spent before does not count',
  args: {
    scope: { type: 'string', required: true, description: 'key, endUser, job, project, customer or organisation' },
    name: { type: 'string', required: true, description: 'Whose; * for each of the scope' },
    limit: { type: 'string', required: true, description: 'US dollars, such as 5 or 0.25' },
    period: { type: 'string', required: true, description: 'day, week, month or lifetime' },
    customer: { type: 'string', description: 'Whose key, end user, job or project it is' },
    'time-zone': { type: 'string', description: 'In which its periods begin' },
    soft: { type: 'boolean', description: 'Tell, but do not refuse' },
    ...shared,
  },
  async run(args, terminal) {
    const scopes = ['key', 'endUser', 'job', 'project', 'customer', 'organisation'] as const;
    const budget = await connect(args, terminal).budgets.create({
      scope: readChoice('scope', args.scope, scopes),
      name: args.name,
      customer: args.customer,
      limitNanos: readUsd('limit', args.limit),
      period: readChoice('period', args.period, ['day', 'week', 'month', 'lifetime']),
      isHard: args.soft !== true,
      timeZone: args['time-zone'],
    });
    writeObject(terminal, budget, args.json);
    return exitCodes.ok;
  },
});

/**
 * Changes a limit.
 *
 * @example
 * switchyard budgets update budget_0198… --limit 750
 */
export const budgetsUpdateCommand = defineCommand({
  description: 'Change a spending limit; running requests finish in any case',
  args: { id, limit: { type: 'string', required: true, description: 'US dollars, such as 5 or 0.25' }, ...shared },
  async run(args, terminal) {
    const change = { limitNanos: readUsd('limit', args.limit) };
    writeObject(terminal, await connect(args, terminal).budgets.update(args.id, change), args.json);
    return exitCodes.ok;
  },
});

/**
 * Ends a limit.
 *
 * @example
 * switchyard budgets archive budget_0198…
 */
export const budgetsArchiveCommand = defineCommand({
  description: 'End a spending limit; its counters stay for reports',
  args: { id, ...shared },
  async run(args, terminal) {
    writeObject(terminal, await connect(args, terminal).budgets.archive(args.id), args.json);
    return exitCodes.ok;
  },
});

/**
 * Shows what was spent of a limit.
 *
 * @example
 * switchyard budgets use budget_0198…
 */
export const budgetsUseCommand = defineCommand({
  description: 'Show what was spent and is held of a limit',
  args: { id, ...shared },
  async run(args, terminal) {
    const use = await connect(args, terminal).budgets.use(args.id);
    writeRows(terminal, use, { columns: useColumns, json: args.json });
    return exitCodes.ok;
  },
});
