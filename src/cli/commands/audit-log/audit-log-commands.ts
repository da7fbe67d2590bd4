import type { AuditEntry } from '../../../sdk/index.ts';
import { exitCodes } from '../../shell/cli-error.ts';
import { defineCommand } from '../../shell/command.ts';
import { connect, connectionArguments } from '../../shell/connect.ts';
import { readCount } from '../../shell/read-arguments.ts';
import { type Columns, jsonArgument, listArguments, time, writeRows } from '../../shell/write-answer.ts';

const columns: Columns<AuditEntry> = {
  at: (entry) => time(entry.atMs),
  who: (entry) => `${entry.actor} (${entry.role})`,
  action: (entry) => entry.action,
  subject: (entry) => entry.subjectId,
  customer: (entry) => entry.customerId ?? undefined,
};

/**
 * Lists every change, newest first.
 *
 * @example
 * switchyard audit-log list --customer acme --limit 20
 */
export const auditLogListCommand = defineCommand({
  description: 'List every change, newest first',
  args: {
    customer: { type: 'string', description: 'Only what concerned this customer' },
    action: { type: 'string', description: 'Only this action, such as key.rotate' },
    ...connectionArguments,
    ...jsonArgument,
    ...listArguments,
  },
  async run(args, terminal) {
    const { customer, action, cursor } = args;
    const limit = args.limit === undefined ? undefined : readCount('limit', args.limit);
    const page = await connect(args, terminal).auditLog.list({ limit, cursor, customer, action });
    writeRows(terminal, page, { columns, json: args.json });
    return exitCodes.ok;
  },
});
