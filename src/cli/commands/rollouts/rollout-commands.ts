import type { Rollout } from '../../../sdk/index.ts';
import { CliError, exitCodes } from '../../shell/cli-error.ts';
import { defineCommand } from '../../shell/command.ts';
import { connect, connectionArguments, importTimeoutMs } from '../../shell/connect.ts';
import { readCount } from '../../shell/read-arguments.ts';
import { readUsd } from '../../shell/read-money.ts';
import { type Terminal, writeJson, writeLine } from '../../shell/terminal.ts';
import { type Columns, jsonArgument, listArguments, time, writeRows } from '../../shell/write-answer.ts';
import { readItems } from '../evals/read-items.ts';

const shared = { ...connectionArguments, ...jsonArgument } as const;
const id = { type: 'positional', required: true, description: 'Id of the rollout' } as const;
const pollMs = 500;
const columns: Columns<Rollout> = {
  id: (one) => one.id,
  job: (one) => one.job,
  candidate: (one) => one.candidate,
  stage: (one) => (one.isPaused ? `${one.stage}, paused` : one.stage),
  share: (one) => `${100 * one.share} %`,
  started: (one) => time(one.createdAtMs),
  verdict: (one) => one.verdict,
};

/**
 * Brings a model into a job.
 *
 * @example
 * switchyard models adopt new-model --job support-reply --items items.jsonl --max-usd 2
 */
export const modelsAdoptCommand = defineCommand({
  description: 'Bring a model into a job by evidence: graded items, then a growing share of the traffic',
  args: {
    model: { type: 'positional', required: true, description: "Model; one of the job's `models`" },
    job: { type: 'string', description: 'Job' },
    'all-jobs': { type: 'boolean', description: 'Every job that lists the model, each decided for itself' },
    incumbent: { type: 'string', description: "Model to compare with; else the job's own" },
    items: {
      type: 'string',
      description: 'File of items to grade both on first: JSON lines of {"prompt", "expected"}',
    },
    'max-usd': { type: 'string', description: 'Most that grading may spend' },
    eval: { type: 'string', description: 'Evaluation that was already made, in place of --items' },
    ...shared,
  },
  async run(args, terminal) {
    const client = connect(args, terminal, importTimeoutMs);
    const jobs = await jobsFor(args, client);
    const made: Rollout[] = [];
    for (const { job, incumbent } of jobs) {
      const evalId = args.items === undefined ? args.eval : await grade(args, client, { job, incumbent });
      made.push(await client.rollouts.create({ job, candidate: args.model, incumbent, evalId }));
    }
    if (args.json === true) writeJson(terminal, made);
    else for (const one of made) writeLine(terminal, one.text);
    return exitCodes.ok;
  },
});

type Client = ReturnType<typeof connect>;
interface AdoptedJob {
  readonly job: string;
  readonly incumbent: string | undefined;
}

async function jobsFor(
  args: { model: string; job?: string; 'all-jobs'?: boolean; incumbent?: string },
  client: Client,
): Promise<readonly AdoptedJob[]> {
  const all = (await client.jobs.list({ limit: 1000 })).data;
  const wanted = all.filter(({ job, settings }) => {
    const models = settings['models'];
    return args['all-jobs'] === true ? Array.isArray(models) && models.includes(args.model) : job === args.job;
  });
  if (wanted.length === 0) {
    const what = args.job === undefined ? `job lists ${args.model}; name one with --job` : `job is named ${args.job}`;
    throw new CliError(`no ${what}`);
  }
  return wanted.map(({ job, settings }) => {
    const models = settings['models'];
    const floor = settings['floor'] as { readonly incumbent?: string } | undefined;
    const first = Array.isArray(models) ? models.map(String).find((model) => model !== args.model) : undefined;
    return { job, incumbent: args.incumbent ?? floor?.incumbent ?? first };
  });
}

async function grade(
  args: { model: string; items?: string; 'max-usd'?: string },
  client: Client,
  { job, incumbent }: AdoptedJob,
): Promise<string> {
  if (args['max-usd'] === undefined) throw new CliError('--items needs --max-usd: the most that grading may spend');
  let run = await client.evals.create({
    job,
    candidates: [incumbent ?? '', args.model],
    items: await readItems(args.items ?? ''),
    maxNanos: readUsd('max-usd', args['max-usd']),
  });
  while (run.state === 'queued' || run.state === 'running') {
    await new Promise((resolve) => setTimeout(resolve, pollMs));
    run = await client.evals.get(run.id);
  }
  if (run.state === 'failed') throw new CliError(`the evaluation ${run.id} failed`);
  return run.id;
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
