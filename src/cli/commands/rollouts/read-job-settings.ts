import { parseConfig } from '../../../config/index.ts';
import { CliError } from '../../shell/cli-error.ts';
import { readTextFile } from '../../shell/read-file.ts';

/** The settings of one job in a file that is written like the configuration. */
export async function readJobSettings(file: string, job: string): Promise<object> {
  const { config, problems } = parseConfig(await readTextFile(file));
  const [first] = problems;
  if (config === undefined)
    throw new CliError(`${file}:${first?.line}:${first?.column} ${first?.path} ${first?.message}`);
  const settings = Object.hasOwn(config.jobs, job) ? config.jobs[job] : undefined;
  if (settings === undefined) throw new CliError(`${file} has no settings of job ${job}`);
  return settings;
}
