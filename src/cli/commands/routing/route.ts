import { readFile } from 'node:fs/promises';
import { exitCodes, usageError } from '../../shell/cli-error.ts';
import { defineCommand } from '../../shell/command.ts';
import { connect, connectionArguments } from '../../shell/connect.ts';
import { writeJson, writeLine } from '../../shell/terminal.ts';
import { jsonArgument } from '../../shell/write-answer.ts';
import { describeRoute } from '../explain/describe-route.ts';

const mostCharacters = 8000;

/**
 * Tells where a request would go now, without making it.
 *
 * @example
 * switchyard route --job support-reply --prompt-file question.txt
 */
export const routeCommand = defineCommand({
  description: 'Tell where a request would go now, and why; nothing is called or spent',
  args: {
    job: { type: 'string', description: 'Name of the job; else it is found by the prompt' },
    'prompt-file': { type: 'string', description: 'File with the text that the user asks' },
    ...connectionArguments,
    ...jsonArgument,
  },
  async run(args, terminal) {
    const prompt = args['prompt-file'] === undefined ? '' : await readPrompt(args['prompt-file']);
    const told = await connect(args, terminal).routing.preview({ job: args.job, prompt });
    if (args.json === true) writeJson(terminal, told);
    else for (const line of describeRoute(told)) writeLine(terminal, line);
    return exitCodes.ok;
  },
});

/** A long prompt is known by its beginning and end, as in a real decision. */
async function readPrompt(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw usageError(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`);
  });
  return text.length <= mostCharacters ? text : text.slice(0, mostCharacters / 2) + text.slice(-mostCharacters / 2);
}
