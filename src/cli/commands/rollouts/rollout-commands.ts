import type { Client, Rollout, RolloutInput } from '../../../sdk/index.ts';
import { exitCodes, usageError } from '../../shell/cli-error.ts';
import { defineCommand } from '../../shell/command.ts';
import { connect, connectionArguments, importTimeoutMs } from '../../shell/connect.ts';
import { readCount } from '../../shell/read-arguments.ts';
import { type Terminal, writeJson, writeLine } from '../../shell/terminal.ts';
import { type Columns, jsonArgument, listArguments, time, writeRows } from '../../shell/write-answer.ts';
import { type PromptArguments, promptRollout } from './prompt-rollout.ts';
import { readJobSettings } from './read-job-settings.ts';
import { ruleArguments, rulesOf } from './rollout-rules.ts';

const shared = { ...connectionArguments, ...jsonArgument } as const;
const id = { type: 'positional', required: true, description: 'Id of the rollout' } as const;
const columns: Columns<Rollout> = {
  id: (one) => one.id,
  job: (one) => one.job,
  candidate: (one) => (one.kind === 'model' ? one.candidate : `${one.kind} ${one.candidate}`),
  stage: (one) => (one.isPaused ? `${one.stage}, paused` : one.stage),
  share: (one) => `${100 * one.share} %`,
  started: (one) => time(one.createdAtMs),
  verdict: (one) => one.verdict,
};

/**
 * Brings a host of a model, other settings of a job, or another prompt of it, in by evidence.
 *
 * @example
 * switchyard rollouts start --job support-reply --host cheap-host --model big-model
 * switchyard rollouts start --job support-reply --prompt tone.md --items items.jsonl --max-usd 2
 */
export const rolloutsStartCommand = defineCommand({
  description:
    'Bring a host of a model, other settings of a job or another prompt in by a growing share of its traffic',
  args: {
    job: { type: 'string', required: true, description: 'Job' },
    host: { type: 'string', description: 'Host that is to serve --model' },
    model: {
      type: 'string',
      description: "Model of --host, one of the job's `models`; or the one that grades --prompt on --items",
    },
    policy: { type: 'string', description: 'File with `jobs`, whose settings of the job are to be tried' },
    prompt: { type: 'string', description: 'File with the instructions that are to be tried; its name is theirs' },
    items: {
      type: 'string',
      description: 'File of items to grade --prompt on first: JSON lines of {"prompt", "expected"}; or `logged`',
    },
    'max-usd': { type: 'string', description: 'Most that grading may spend' },
    ...ruleArguments,
    ...shared,
  },
  async run(args, terminal) {
    const client = connect(args, terminal, importTimeoutMs);
    const input = await inputOf(args, client);
    return show(terminal, await client.rollouts.create({ ...input, ...rulesOf(args) }), args.json);
  },
});

interface StartArguments extends Omit<PromptArguments, 'prompt'> {
  readonly host?: string | undefined;
  readonly policy?: string | undefined;
  readonly prompt?: string | undefined;
}

async function inputOf(args: StartArguments, client: Client): Promise<RolloutInput> {
  const { job, host, model, policy, prompt } = args;
  if ([host, policy, prompt].filter((one) => one !== undefined).length !== 1)
    throw usageError('name --host with --model, or --policy, or --prompt');
  if (prompt !== undefined) return promptRollout({ ...args, prompt }, client);
  if (policy !== undefined)
    return { job, kind: 'policy', candidate: policy, settings: await readJobSettings(policy, job) };
  if (model === undefined) throw usageError('--host needs --model: what it is to serve');
  return { job, kind: 'host', candidate: host ?? '', model, minPairs: 0 };
}

/** Lists rollouts, the latest first. */
export const rolloutsListCommand = defineCommand({
  description: 'List rollouts, the latest first',
  args: { job: { type: 'string', description: 'Only of this job' }, ...shared, ...listArguments },
  async run(args, terminal) {
    const limit = args.limit === undefined ? undefined : readCount('limit', args.limit);
    const page = await connect(args, terminal).rollouts.list({ job: args.job, limit, cursor: args.cursor });
    writeRows(terminal, page, { columns, json: args.json });
    return exitCodes.ok;
  },
});

/** Shows the evidence of a rollout. */
export const rolloutsShowCommand = defineCommand({
  description: 'Show a rollout with its evidence',
  args: { id, ...shared },
  async run(args, terminal) {
    return show(terminal, await connect(args, terminal).rollouts.get(args.id), args.json);
  },
});

/** Stops giving the candidate traffic. */
export const rolloutsPauseCommand = defineCommand({
  description: 'Give the candidate no traffic until it is resumed',
  args: { id, ...shared },
  async run(args, terminal) {
    return show(terminal, await connect(args, terminal).rollouts.pause(args.id), args.json);
  },
});

/** Goes on with a rollout. */
export const rolloutsResumeCommand = defineCommand({
  description: 'Go on with a rollout that was paused or needed more evidence',
  args: { id, ...shared },
  async run(args, terminal) {
    return show(terminal, await connect(args, terminal).rollouts.resume(args.id), args.json);
  },
});

/** Goes back to what answered before. */
export const rolloutsRollbackCommand = defineCommand({
  description: 'Go back to what answered before, on every gateway within seconds',
  args: { id, ...shared },
  async run(args, terminal) {
    return show(terminal, await connect(args, terminal).rollouts.rollback(args.id), args.json);
  },
});

function show(terminal: Terminal, rollout: Rollout, json: boolean | undefined): number {
  if (json === true) writeJson(terminal, rollout);
  else writeLine(terminal, rollout.text);
  return exitCodes.ok;
}
