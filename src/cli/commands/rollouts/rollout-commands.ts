import type { Rollout, RolloutInput } from '../../../sdk/index.ts';
import { exitCodes, usageError } from '../../shell/cli-error.ts';
import { defineCommand } from '../../shell/command.ts';
import { connect, connectionArguments } from '../../shell/connect.ts';
import { readCount } from '../../shell/read-arguments.ts';
import { readUsd } from '../../shell/read-money.ts';
import { type Terminal, writeJson, writeLine } from '../../shell/terminal.ts';
import { type Columns, jsonArgument, listArguments, time, writeRows } from '../../shell/write-answer.ts';
import { readJobSettings } from './read-job-settings.ts';

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
 * Brings a host of a model, or other settings of a job, in by evidence.
 *
 * @example
 * switchyard rollouts start --job support-reply --host cheap-host --model big-model
 */
export const rolloutsStartCommand = defineCommand({
  description: 'Bring a host of a model, or other settings of a job, in by a growing share of the traffic',
  args: {
    job: { type: 'string', required: true, description: 'Job' },
    host: { type: 'string', description: 'Host that is to serve --model' },
    model: { type: 'string', description: "Model of --host; one of the job's `models`" },
    policy: { type: 'string', description: 'File with `jobs`, whose settings of the job are to be tried' },
    'shadow-usd': { type: 'string', description: 'Most that copies of live requests to a host may cost; else 1' },
    ...shared,
  },
  async run(args, terminal) {
    const client = connect(args, terminal);
    const { job, host, model, policy } = args;
    if ((host === undefined) === (policy === undefined)) throw usageError('name --host with --model, or --policy');
    if (host !== undefined && model === undefined) throw usageError('--host needs --model: what it is to serve');
    const maxNanos = args['shadow-usd'] === undefined ? undefined : readUsd('shadow-usd', args['shadow-usd']);
    const input: RolloutInput =
      policy === undefined
        ? { job, kind: 'host', candidate: host ?? '', model, minPairs: 0, shadow: { maxNanos } }
        : { job, kind: 'policy', candidate: policy, settings: await readJobSettings(policy, job) };
    return show(terminal, await client.rollouts.create(input), args.json);
  },
});

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
