import { defineCommand } from '../../shell/command.ts';

/** Values another policy from the decisions and outcomes that are already logged. */
export const policyEvaluateCommand = defineCommand({
  description: 'What another policy would have cost and achieved, from the log; says so when the log cannot tell',
  args: {
    candidate: { type: 'string', required: true, description: 'File with the `jobs` settings to be valued' },
    since: { type: 'string', default: '7d', description: 'How far back: 7d, 24h, or a date' },
    job: { type: 'string', description: 'Only this job' },
    data: { type: 'string', default: '.switchyard', description: 'Data folder or its journal folder' },
    config: { type: 'string', description: 'Configuration whose jobs say what a success is' },
    json: { type: 'boolean', description: 'Answer as JSON' },
  },
  async run(args, terminal) {
    const { runPolicyEvaluate } = await import('../../offline/jobs/policy-evaluate.ts');
    const { candidate, since, job, data, config } = args;
    return runPolicyEvaluate({ candidate, since, job, data, config, json: args.json === true }, terminal);
  },
});
