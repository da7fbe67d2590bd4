import { writeFileSync } from 'node:fs';
import type { EvalItemInput, Job, Rollout } from '../../../sdk/index.ts';
import { CliError, exitCodes } from '../../shell/cli-error.ts';
import { defineCommand } from '../../shell/command.ts';
import { connect, connectionArguments, importTimeoutMs } from '../../shell/connect.ts';
import { readUsd } from '../../shell/read-money.ts';
import { type Terminal, writeJson, writeLine } from '../../shell/terminal.ts';
import { jsonArgument } from '../../shell/write-answer.ts';
import { evaluate } from '../evals/evaluate.ts';
import { readItems } from '../evals/read-items.ts';
import { ruleArguments, rulesOf } from './rollout-rules.ts';
import { evidenceFile } from './evidence-file.ts';

type Client = ReturnType<typeof connect>;

/** How a model is to be brought in, as it was asked for. */
interface AdoptArguments {
  readonly model: string;
  readonly job?: string | undefined;
  readonly 'all-jobs'?: boolean | undefined;
  readonly incumbent?: string | undefined;
  readonly items?: string | undefined;
  readonly 'max-usd'?: string | undefined;
  readonly eval?: string | undefined;
  readonly grader?: string | undefined;
  readonly shadow?: string | undefined;
  readonly 'shadow-usd'?: string | undefined;
  readonly 'min-requests'?: string | undefined;
  readonly 'step-seconds'?: string | undefined;
}

/** One job's answer: where its rollout stands, or why there is none. */
interface Adoption {
  readonly job: string;
  readonly rollout?: Rollout;
  readonly problem?: string;
}

const pollMs = 500;
const pageSize = 200;
const finished: ReadonlySet<Rollout['stage']> = new Set(['promoted', 'rolled_back', 'needs_more']);

/**
 * Brings a model into a job.
 *
 * @example
 * switchyard models adopt new-model --job support-reply --items items.jsonl --max-usd 2 --wait
 */
export const modelsAdoptCommand = defineCommand({
  description: 'Bring a model into a job by evidence: graded items, copies, then a growing share of the traffic',
  args: {
    model: { type: 'positional', required: true, description: 'Model; the job need not list it' },
    job: { type: 'string', description: 'Job' },
    'all-jobs': { type: 'boolean', description: 'Every job that it does not lead already, each decided for itself' },
    incumbent: { type: 'string', description: "Model to compare with; else the job's own" },
    items: {
      type: 'string',
      description: 'File of items to grade both on first: JSON lines of {"prompt", "expected"}; or `logged`',
    },
    'max-usd': { type: 'string', description: 'Most that grading may spend, for each job' },
    eval: { type: 'string', description: 'Evaluation that was already made, in place of --items' },
    ...ruleArguments,
    wait: { type: 'boolean', description: 'Wait for the verdict; exit with 1 unless every job promotes it' },
    evidence: { type: 'string', description: 'File for the evidence, readable and with its data in JSON' },
    ...connectionArguments,
    ...jsonArgument,
  },
  async run(args, terminal) {
    const client = connect(args, terminal, importTimeoutMs);
    const begun: Adoption[] = [];
    for (const job of await jobsFor(args, client)) begun.push(await begin(args, client, job));
    const made = args.wait === true ? await Promise.all(begun.map((one) => verdictOn(one, client))) : begun;
    if (args.evidence !== undefined) writeFileSync(args.evidence, evidenceFile(args.model, made));
    show(terminal, made, args.json);
    const isGood = ({ rollout }: Adoption): boolean =>
      rollout !== undefined && (args.wait !== true || rollout.stage === 'promoted');
    return made.every(isGood) ? exitCodes.ok : exitCodes.failure;
  },
});

interface AdoptedJob {
  readonly job: string;
  readonly incumbent: string | undefined;
}

async function jobsFor(args: AdoptArguments, client: Client): Promise<readonly AdoptedJob[]> {
  const all = await everyJob(client);
  const wanted = args['all-jobs'] === true ? all : all.filter(({ job }) => job === args.job);
  const led = wanted.map((one) => ({ job: one.job, incumbent: args.incumbent ?? leaderOf(one, args.model) }));
  // A job that has nothing but the model has nothing to compare it with.
  const jobs = args['all-jobs'] === true ? led.filter(({ incumbent }) => incumbent !== undefined) : led;
  if (jobs.length > 0) return jobs;
  throw new CliError(
    args.job === undefined ? 'name a job with --job, or take --all-jobs' : `no job is named ${args.job}`,
  );
}

async function everyJob(client: Client): Promise<readonly Job[]> {
  const jobs: Job[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.jobs.list({ limit: pageSize, cursor });
    jobs.push(...page.data);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return jobs;
}

/** What answers a job today, as far as its settings say; undefined when that is the model itself. */
function leaderOf({ settings }: Job, model: string): string | undefined {
  const floor = settings['floor'] as { readonly incumbent?: string } | undefined;
  if (floor?.incumbent === model) return undefined;
  const models = Array.isArray(settings['models']) ? settings['models'].map(String) : [];
  return floor?.incumbent ?? models.find((one) => one !== model);
}

/** A job that cannot begin keeps no other from it. */
async function begin(args: AdoptArguments, client: Client, asked: AdoptedJob): Promise<Adoption> {
  const { job, incumbent } = asked;
  try {
    const evalId = args.items === undefined ? args.eval : await grade(args, client, asked);
    const rollout = await client.rollouts.create({
      job,
      candidate: args.model,
      incumbent: args.incumbent === undefined && evalId === undefined ? undefined : incumbent,
      evalId,
      ...rulesOf(args),
    });
    return { job, rollout };
  } catch (error) {
    if (args['all-jobs'] !== true) throw error;
    return { job, problem: error instanceof Error ? error.message : String(error) };
  }
}

async function grade(args: AdoptArguments, client: Client, { job, incumbent }: AdoptedJob): Promise<string> {
  if (args['max-usd'] === undefined) throw new CliError('--items needs --max-usd: the most that grading may spend');
  const run = await evaluate(client, {
    job,
    candidates: [incumbent ?? '', args.model],
    items: itemsOf(await readItems(args.items ?? ''), job),
    maxNanos: readUsd('max-usd', args['max-usd']),
    graderUrl: args.grader,
  });
  return run.id;
}

/** Items may say which job they are of; those that do not are of every job. */
function itemsOf(items: Awaited<ReturnType<typeof readItems>>, wanted: string): Awaited<ReturnType<typeof readItems>> {
  if (items === 'logged') return items;
  return items.flatMap((item): EvalItemInput[] => {
    const { job, ...rest } = item as EvalItemInput & { readonly job?: string };
    return job === undefined || job === wanted ? [rest] : [];
  });
}

async function verdictOn(adoption: Adoption, client: Client): Promise<Adoption> {
  let { rollout } = adoption;
  while (rollout !== undefined && !finished.has(rollout.stage)) {
    await new Promise((resolve) => setTimeout(resolve, pollMs));
    rollout = await client.rollouts.get(rollout.id);
  }
  return rollout === undefined ? adoption : { ...adoption, rollout };
}

function show(terminal: Terminal, made: readonly Adoption[], json: boolean | undefined): void {
  if (json === true)
    return writeJson(
      terminal,
      made.map(({ job, rollout, problem }) => rollout ?? { job, problem }),
    );
  for (const { job, rollout, problem } of made) {
    if (rollout !== undefined) writeLine(terminal, rollout.text);
    if (problem !== undefined) terminal.complain(`${job}: ${problem}\n`);
  }
}
