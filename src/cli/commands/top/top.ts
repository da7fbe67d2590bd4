import { exitCodes } from '../../shell/cli-error.ts';
import { defineCommand } from '../../shell/command.ts';
import { connect, connectionArguments } from '../../shell/connect.ts';
import { writeJson, writeLine } from '../../shell/terminal.ts';
import { renderTop } from './render-top.ts';
import { summarize } from './summarize.ts';
import { watchTop } from './watch-top.ts';

const plainSize = { columns: 120, rows: 60 };

/** A live view of the running gateway. */
export const topCommand = defineCommand({
  description: 'Watch requests, models, hosts, errors, speed and circuits live',
  args: {
    ...connectionArguments,
    once: { type: 'boolean', description: 'Show one picture and end; so does output that is no terminal' },
    json: { type: 'boolean', description: 'With --once: answer as JSON' },
  },
  async run(args, terminal) {
    const client = connect(args, terminal);
    const isLive = args.once !== true && args.json !== true && terminal.screen() !== undefined;
    if (isLive) {
      await watchTop(client, terminal);
      return exitCodes.ok;
    }
    const view = await client.live();
    const summary = summarize(view, undefined);
    if (args.json === true) writeJson(terminal, { ...view, summary });
    else for (const line of renderTop(view, summary, plainSize)) writeLine(terminal, line);
    return exitCodes.ok;
  },
});
