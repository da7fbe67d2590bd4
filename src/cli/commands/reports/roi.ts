import { defineCommand } from '../../shell/command.ts';

/** What a job costs per success and what it brings. */
export const roiCommand = defineCommand({
  description: 'Full cost per success of a job, value and return, and the saving against a baseline',
  args: {
    job: { type: 'string', required: true, description: 'Job' },
    since: { type: 'string', default: '30d', description: 'How far back: 30d, 24h, or a date' },
    baseline: { type: 'string', description: "Model to compare with; else the incumbent of the job's floor" },
    html: { type: 'string', description: 'Also write the report as one HTML file' },
    data: { type: 'string', default: '.switchyard', description: 'Data folder or its journal folder' },
    config: { type: 'string', description: 'Configuration that describes the job' },
    json: { type: 'boolean', description: 'Report as JSON' },
  },
  async run(args, terminal) {
    const { runRoi } = await import('../../offline/jobs/roi.ts');
    return runRoi({ ...args, json: args.json === true }, terminal);
  },
});
