import { readCount } from '../../shell/read-arguments.ts';
import { defineCommand } from '../../shell/command.ts';

/**
 * Proposes jobs from traffic that names none.
 *
 * @example
 * switchyard jobs propose --since 7d --least 50
 */
export const jobsProposeCommand = defineCommand({
  description: 'Group the requests that no job was found for, and propose the large groups as jobs',
  args: {
    since: { type: 'string', default: '7d', description: 'How far back: 7d, 24h, or a date' },
    least: { type: 'string', default: '20', description: 'Fewer requests are no job' },
    data: { type: 'string', default: '.switchyard', description: 'Data folder or its journal folder' },
    json: { type: 'boolean', description: 'Answer as JSON' },
  },
  async run({ since, least, data, json }, terminal) {
    const { runJobsPropose } = await import('../../offline/jobs/jobs-propose.ts');
    return runJobsPropose({ since, least: readCount('least', least), data, json: json === true }, terminal);
  },
});
