import { defineCommand } from '../../shell/command.ts';

/** Measures the router on graded prompts. */
export const benchRoutingCommand = defineCommand({
  description: 'Measure the router on graded prompts: trade-off, safety on unseen jobs, online learning, time',
  args: {
    data: { type: 'string', description: 'Folder of the sets to score' },
    train: { type: 'string', description: 'Folders to learn from, separated by commas' },
    sets: { type: 'string', description: 'Only these sets, separated by commas' },
    'exclude-jobs': { type: 'string', description: 'JSON file: per set, the jobs that stand for unseen ones' },
    seed: { type: 'string', description: 'Seed of everything random; default 1' },
    out: { type: 'string', description: 'Also write the report to this file' },
    'cross-validate': { type: 'boolean', description: 'Only compare with reference methods inside --train' },
    json: { type: 'boolean', description: 'Report as JSON' },
  },
  async run(args, terminal) {
    const { runBenchRouting } = await import('../../offline/bench-routing/bench-routing.ts');
    const { data, train, sets, seed, out } = args;
    const excludeJobs = args['exclude-jobs'];
    const isValidation = args['cross-validate'] === true;
    return runBenchRouting(
      { data, train, sets, excludeJobs, seed, out, isValidation, json: args.json === true },
      terminal,
    );
  },
});
