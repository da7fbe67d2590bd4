import type { Build, BuildEvent } from '../../../sdk/index.ts';
import { exitCodes } from '../../shell/cli-error.ts';
import { defineCommand } from '../../shell/command.ts';
import { connect, connectionArguments, importTimeoutMs } from '../../shell/connect.ts';
import { readUsd } from '../../shell/read-money.ts';
import { writeJson, writeLine } from '../../shell/terminal.ts';
import { jsonArgument } from '../../shell/write-answer.ts';

/**
 * Has a model write an app, tries it in a sandbox and serves it as a preview.
 *
 * @example
 * switchyard build "a page that tells the time in three cities"
 */
export const buildCommand = defineCommand({
  description: 'Build an app from words: a model writes it, a sandbox tests it, and its preview is served',
  args: {
    prompt: { type: 'positional', required: true, description: 'What to build, in words' },
    app: { type: 'string', description: 'Name of the app; else made from the words' },
    model: { type: 'string', description: 'Model to ask; else those of the job code-build' },
    cap: { type: 'string', description: 'Most that the models may cost, in USD; 0.50 when absent' },
    customer: { type: 'string', description: 'Who pays, and whose app it is' },
    'no-deploy': { type: 'boolean', description: 'Build and test only' },
    ...connectionArguments,
    ...jsonArgument,
  },
  async run(args, terminal) {
    const { builds } = connect(args, terminal, importTimeoutMs);
    const input = {
      prompt: args.prompt,
      ...(args.app !== undefined && { app: args.app }),
      ...(args.model !== undefined && { model: args.model }),
      ...(args.cap !== undefined && { capNanos: readUsd('cap', args.cap) }),
      ...(args.customer !== undefined && { customer: args.customer }),
      ...(args['no-deploy'] === true && { deploy: false }),
    };
    let build: Build | undefined;
    for await (const event of builds.start(input)) {
      if (event.type === 'build') build = event.build;
      else for (const line of describe(event)) terminal.complain(`${line}\n`);
    }
    if (build === undefined) return exitCodes.failure;
    const origin = (args.url ?? terminal.environment['SWITCHYARD_URL'] ?? 'http://127.0.0.1:8787').replace(/\/+$/, '');
    if (args.json === true)
      writeJson(terminal, { ...build, url: build.path === null ? null : `${origin}${build.path}` });
    else for (const line of summary(build, origin)) writeLine(terminal, line);
    return build.status === 'deployed' || build.status === 'built' ? exitCodes.ok : exitCodes.failure;
  },
});

function describe(event: Exclude<BuildEvent, { type: 'build' }>): readonly string[] {
  switch (event.type) {
    case 'started':
      return [`${event.buildId}: ${event.model} writes ${event.app}`];
    case 'asked':
      return [`asked ${event.model === '' ? 'a model' : event.model}, ${usd(event.costNanos)} (${event.requestId})`];
    case 'written':
      return event.files.map(({ path, sizeBytes }) => `  ${path} (${sizeBytes} bytes)`);
    case 'checked': {
      const checks = event.checks.map(({ name, hasPassed }) => `  ${hasPassed ? 'passed' : 'failed'}: ${name}`);
      return event.problem === null ? checks : [...checks, event.problem];
    }
    case 'deployed':
      return [`${event.alias} of ${event.app} is ${event.version}`];
  }
}

function summary({ status, reason, path, isSimulated, spentNanos, questions }: Build, origin: string): string[] {
  const label = 'A simulated model wrote this: set the key of a host, or name a model with --model, for a real one.';
  const cost = `${questions.length} question${questions.length === 1 ? '' : 's'}, ${usd(spentNanos)}`;
  const lines = [`${status}${reason === null ? '' : `: ${reason}`} (${cost})`];
  if (isSimulated) lines.push(label);
  if (path !== null) lines.push(`${origin}${path}`);
  return lines;
}

function usd(nanos: string | null): string {
  if (nanos === null) return 'at an unknown price';
  const digits = nanos.padStart(10, '0');
  return `$${digits.slice(0, -9)}.${digits.slice(-9).replace(/0{1,7}$/, '')}`;
}
