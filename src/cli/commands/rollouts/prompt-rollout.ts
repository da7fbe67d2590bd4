import { basename, extname } from 'node:path';
import type { Client, RolloutInput } from '../../../sdk/index.ts';
import { CliError, usageError } from '../../shell/cli-error.ts';
import { readUsd } from '../../shell/read-money.ts';
import { readTextFile } from '../../shell/read-file.ts';
import { evaluate } from '../evals/evaluate.ts';
import { readItems } from '../evals/read-items.ts';

/** What a rollout of a prompt is asked for by on the command line. */
export interface PromptArguments {
  readonly job: string;
  readonly prompt: string;
  readonly model?: string | undefined;
  readonly items?: string | undefined;
  readonly 'max-usd'?: string | undefined;
  readonly grader?: string | undefined;
}

/** The rollout of a file's text, after its evaluation against the job's own prompt where items are named. */
export async function promptRollout(args: PromptArguments, client: Client): Promise<RolloutInput> {
  const { job, prompt: file } = args;
  const instructions = (await readTextFile(file)).trim();
  const name = basename(file, extname(file));
  const evalId = args.items === undefined ? undefined : await grade(args, client, { name, instructions });
  const minPairs = evalId === undefined ? 0 : undefined;
  return { job, kind: 'prompt', candidate: name, instructions, evalId, minPairs };
}

async function grade(
  args: PromptArguments,
  client: Client,
  prompt: { readonly name: string; readonly instructions: string },
): Promise<string> {
  const { job, items = '', grader } = args;
  const maxUsd = args['max-usd'];
  if (maxUsd === undefined) throw usageError('--items needs --max-usd: the most that grading may spend');
  const run = await evaluate(client, {
    job,
    candidates: [args.model ?? (await firstModel(client, job))],
    prompts: [prompt],
    items: await readItems(items),
    maxNanos: readUsd('max-usd', maxUsd),
    graderUrl: grader,
  });
  return run.id;
}

/** The one that the job is held against, else its first. */
async function firstModel(client: Client, job: string): Promise<string> {
  const { settings } = await client.jobs.get(job);
  const floor = settings['floor'] as { readonly incumbent?: string } | undefined;
  const [first] = Array.isArray(settings['models']) ? settings['models'].map(String) : [];
  const model = floor?.incumbent ?? first;
  if (model === undefined) throw new CliError(`job ${job} has no model`);
  return model;
}
