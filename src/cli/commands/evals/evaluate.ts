import type { Client, EvalInput, EvalRun } from '../../../sdk/index.ts';
import { CliError } from '../../shell/cli-error.ts';

const pollMs = 500;

/** Makes a run of an evaluation and waits for its end; one that failed ends the command. */
export async function evaluate(client: Client, input: EvalInput): Promise<EvalRun> {
  let run = await client.evals.create(input);
  while (run.state === 'queued' || run.state === 'running') {
    await new Promise((resolve) => setTimeout(resolve, pollMs));
    run = await client.evals.get(run.id);
  }
  if (run.state === 'failed') throw new CliError(`the evaluation ${run.id} failed: ${run.detail ?? 'no reason given'}`);
  return run;
}
