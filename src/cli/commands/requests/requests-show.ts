import { exitCodes } from '../../shell/cli-error.ts';
import { defineCommand } from '../../shell/command.ts';
import { connect, connectionArguments } from '../../shell/connect.ts';
import { writeJson, writeLine } from '../../shell/terminal.ts';
import { describeRecord } from './describe-record.ts';

/** Shows everything recorded of one request. */
export const requestsShowCommand = defineCommand({
  description: 'Show everything recorded of one request: decision, attempts, cost, outcomes',
  args: {
    id: { type: 'positional', required: true, description: 'Request id, from the header x-switchyard-request-id' },
    ...connectionArguments,
    json: { type: 'boolean', description: 'Answer as JSON' },
  },
  async run(args, terminal) {
    const record = await connect(args, terminal).requests.get(args.id);
    if (args.json === true) writeJson(terminal, record);
    else for (const line of describeRecord(record)) writeLine(terminal, line);
    return exitCodes.ok;
  },
});
