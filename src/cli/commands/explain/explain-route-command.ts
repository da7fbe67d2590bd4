import { exitCodes } from '../../shell/cli-error.ts';
import { defineCommand } from '../../shell/command.ts';
import { connect, connectionArguments } from '../../shell/connect.ts';
import { writeJson, writeLine } from '../../shell/terminal.ts';
import { jsonArgument } from '../../shell/write-answer.ts';
import { describeRoute } from './describe-route.ts';

/**
 * Tells why a request went where it went.
 *
 * @example
 * switchyard explain route req_0198…
 */
export const explainRouteCommand = defineCommand({
  description: 'Tell why a request went where it went: what was expected of each candidate, and what excluded it',
  args: {
    id: { type: 'positional', required: true, description: 'Id of the request, or of its decision' },
    ...connectionArguments,
    ...jsonArgument,
  },
  async run(args, terminal) {
    const told = await connect(args, terminal).routing.explain(args.id);
    if (args.json === true) writeJson(terminal, told);
    else for (const line of describeRoute(told)) writeLine(terminal, line);
    return exitCodes.ok;
  },
});
