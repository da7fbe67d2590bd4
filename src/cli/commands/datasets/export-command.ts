import { defineCommand } from '../../shell/command.ts';

/**
 * Kept requests as a data set.
 *
 * @example
 * switchyard datasets export --job support-reply --format sft --licence open-model=Apache-2.0 --out set.jsonl
 */
export const datasetsExportCommand = defineCommand({
  description: 'Write kept requests of a job as a data set, chosen by their outcomes',
  args: {
    job: { type: 'string', required: true, description: 'Job; it must keep `samples`' },
    format: { type: 'string', required: true, description: 'sft: right answers; dpo: pairs of right and wrong ones' },
    licence: { type: 'string', description: 'What answers of each model may be used for: MODEL=LICENCE,...' },
    consent: {
      type: 'string',
      default: "the job's setting `samples`",
      description: 'By what the requests were kept, for each row',
    },
    since: { type: 'string', default: '30d', description: 'How far back: 30d, 24h, or a date' },
    out: { type: 'string', description: 'File to write; else standard output' },
    data: { type: 'string', default: '.switchyard', description: 'Data folder or its journal folder' },
    config: { type: 'string', description: 'Configuration that describes the job' },
  },
  async run(args, terminal) {
    const { runDatasetsExport } = await import('../../offline/jobs/datasets-export.ts');
    return runDatasetsExport(args, terminal);
  },
});
