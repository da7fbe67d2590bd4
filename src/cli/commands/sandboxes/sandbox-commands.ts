import type { KeptSandbox } from '../../../sdk/index.ts';
import { exitCodes, usageError } from '../../shell/cli-error.ts';
import { defineCommand } from '../../shell/command.ts';
import { connect, connectionArguments } from '../../shell/connect.ts';
import { writeLine } from '../../shell/terminal.ts';
import { type Columns, jsonArgument, time, writeObject, writeRows } from '../../shell/write-answer.ts';

const shared = { ...connectionArguments, ...jsonArgument } as const;
const columns: Columns<KeptSandbox> = {
  id: ({ id }) => id,
  key: ({ key }) => key,
  state: ({ state }) => state,
  started: ({ startedAtMs }) => time(startedAtMs),
  ends: ({ state, endsAtMs }) => (state === 'running' ? time(endsAtMs) : undefined),
  metadata: ({ metadata }) => (Object.keys(metadata).length === 0 ? undefined : JSON.stringify(metadata)),
};

/**
 * Lists sandboxes of all keys.
 *
 * @example
 * switchyard sandboxes list --state running
 */
export const sandboxesListCommand = defineCommand({
  description: 'List the sandboxes that clients made and keep',
  args: {
    key: { type: 'string', description: 'Only those of this key' },
    state: { type: 'string', description: 'running or paused' },
    ...shared,
  },
  async run(args, terminal) {
    const { state } = args;
    if (state !== undefined && state !== 'running' && state !== 'paused') {
      throw usageError(`--state ${state}: write running or paused`);
    }
    const page = await connect(args, terminal).sandboxes.list({ key: args.key, state });
    writeRows(terminal, page, { columns, json: args.json });
    return exitCodes.ok;
  },
});

/**
 * Ends a sandbox with its processes and files.
 *
 * @example
 * switchyard sandboxes kill sbx0123456789abcdef0123456789abcdef
 */
export const sandboxesKillCommand = defineCommand({
  description: 'End a sandbox of whichever key, with its processes and files',
  args: { id: { type: 'positional', required: true, description: 'Id of the sandbox' }, ...shared },
  async run(args, terminal) {
    await connect(args, terminal).sandboxes.kill(args.id);
    if (args.json === true) writeObject(terminal, { id: args.id, killed: true }, true);
    else writeLine(terminal, `${args.id} ended`);
    return exitCodes.ok;
  },
});
