import { exitCodes } from '../../shell/cli-error.ts';
import { defineCommand } from '../../shell/command.ts';
import { connect, connectionArguments } from '../../shell/connect.ts';
import { writeJson, writeLine } from '../../shell/terminal.ts';
import { jsonArgument } from '../../shell/write-answer.ts';
import { describeCost } from './describe-cost.ts';

/**
 * Shows the arithmetic of one request.
 *
 * @example
 * switchyard explain cost req_0198…
 */
export const explainCostCommand = defineCommand({
  description: 'Show the arithmetic of one request: units times prices of each attempt, and the charge by the plan',
  args: {
    id: { type: 'positional', required: true, description: 'Request id, from the header x-switchyard-request-id' },
    ...connectionArguments,
    ...jsonArgument,
  },
  async run(args, terminal) {
    const explained = await connect(args, terminal).requests.cost(args.id);
    if (args.json === true) writeJson(terminal, explained);
    else for (const line of describeCost(explained)) writeLine(terminal, line);
    return exitCodes.ok;
  },
});
