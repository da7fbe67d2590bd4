import type { PriceAlert } from '../../../sdk/index.ts';
import { exitCodes } from '../../shell/cli-error.ts';
import { defineCommand } from '../../shell/command.ts';
import { connect, connectionArguments } from '../../shell/connect.ts';
import { type Columns, jsonArgument, listArguments, time, writeRows } from '../../shell/write-answer.ts';

const columns: Columns<PriceAlert> = {
  raised: (alert) => time(alert.raisedAtMs),
  severity: (alert) => alert.severity,
  endpoint: (alert) => alert.endpointId,
  what: (alert) => alert.message,
  'seen to by': (alert) => alert.acknowledgedBy ?? 'open',
};

/**
 * Lists prices that moved.
 *
 * @example
 * switchyard prices alerts
 */
export const pricesAlertsCommand = defineCommand({
  description: 'List prices that moved, margins they took under a floor, moved names and removed routes, newest first',
  args: { ...connectionArguments, ...jsonArgument, ...listArguments },
  async run(args, terminal) {
    const page = await connect(args, terminal).prices.alerts({ cursor: args.cursor, limit: 50 });
    writeRows(terminal, page, { columns, json: args.json });
    return exitCodes.ok;
  },
});
