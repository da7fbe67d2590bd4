import type { UsageRow } from '../../../sdk/index.ts';
import { systemClock } from '../../../platform/clock.ts';
import { exitCodes } from '../../shell/cli-error.ts';
import { defineCommand } from '../../shell/command.ts';
import { connect, connectionArguments } from '../../shell/connect.ts';
import { readCount } from '../../shell/read-arguments.ts';
import { readChoice, readInstant } from '../../shell/read-money.ts';
import { type Columns, jsonArgument, listArguments, time, usd, writeRows } from '../../shell/write-answer.ts';

/**
 * Adds up usage over a time.
 *
 * @example
 * switchyard usage show --from 2026-11-01 --to 2026-12-01 --by customer,model
 */
export const usageShowCommand = defineCommand({
  description: 'Add up usage, charge, cost and margin over a time',
  args: {
    from: { type: 'string', description: 'Start: a date in UTC, or milliseconds; else the first of this month' },
    to: { type: 'string', description: 'End, not included; else the end of this month' },
    by: { type: 'string', description: 'customer, key, job, model, host, endUser, feature, project; with commas' },
    every: { type: 'string', description: 'hour, day or month' },
    customer: { type: 'string', description: 'Only this customer' },
    job: { type: 'string', description: 'Only this job' },
    ...connectionArguments,
    ...jsonArgument,
    ...listArguments,
  },
  async run(args, terminal) {
    const { by, customer, job, cursor, every, limit } = args;
    const nowMs = systemClock.nowMs();
    const page = await connect(args, terminal).usage.query({
      from: args.from === undefined ? monthStartMs(nowMs, 0) : readInstant('from', args.from),
      to: args.to === undefined ? monthStartMs(nowMs, 1) : readInstant('to', args.to),
      groupBy: by,
      every: every === undefined ? undefined : readChoice('every', every, ['hour', 'day', 'month']),
      customer,
      job,
      limit: limit === undefined ? undefined : readCount('limit', limit),
      cursor,
    });
    writeRows(terminal, page, { columns: columnsOf(by, every), json: args.json });
    return exitCodes.ok;
  },
});

function monthStartMs(nowMs: number, monthsOn: number): number {
  const now = new Date(nowMs);
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + monthsOn);
}

function columnsOf(by: string | undefined, every: string | undefined): Columns<UsageRow> {
  const names = (by ?? '').split(',').filter((name) => name !== '');
  const dimensions = names.map((name) => [
    name,
    ({ dimensions: values }: UsageRow) => Object.entries(values).find(([key]) => key === name)?.[1],
  ]);
  return {
    ...(every !== undefined && { [every]: (row: UsageRow) => time(row.atMs) }),
    ...(Object.fromEntries(dimensions) as Columns<UsageRow>),
    requests: (row) => `${row.requests}`,
    charge: (row) => usd(row.chargeNanos),
    cost: (row) => usd(row.costNanos),
    margin: (row) => usd(row.marginNanos),
    'without price': (row) => `${row.unpriced}`,
  };
}
