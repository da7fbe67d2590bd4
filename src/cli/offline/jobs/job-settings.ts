import { basename, dirname } from 'node:path';
import { type JobConfig, loadConfig } from '../../../config/index.ts';
import { parseUsdAsNanos } from '../../../domain/money/money.ts';
import {
  defaultSuccessRule,
  isRuleProblem,
  readSuccessRule,
  type SuccessRule,
} from '../../../domain/outcomes/success-rule.ts';
import { CliError } from '../../shell/cli-error.ts';

/**
 * Settings of all jobs: those of the configuration, and those that the control API made, from the copy that the gateway
 * keeps in its data folder. The configuration wins, as in the gateway.
 */
export async function readJobSettings(
  call: { readonly config?: string | undefined; readonly data: string },
  environment: Readonly<Record<string, string | undefined>>,
): Promise<{ readonly [job: string]: JobConfig }> {
  const { JobCopy } = await import('../../../catalog/index.ts');
  const { jobs } = loadConfig(call.config ?? 'switchyard.yaml', environment, call.config !== undefined).config;
  // Either the data folder was given, or the journal folder in it.
  const folder = basename(call.data) === 'journal' ? dirname(call.data) : call.data;
  const made = await new JobCopy(folder).read();
  return { ...Object.fromEntries(made.map(({ name, settings }) => [name, settings])), ...jobs };
}

/** The success rule of a job, or the one of jobs that state none. */
export function successRuleOf(job: string, settings: Pick<JobConfig, 'success'> | undefined): SuccessRule {
  const rule = readSuccessRule(settings?.success ?? defaultSuccessRule);
  if (isRuleProblem(rule)) throw new CliError(`jobs.${job}.success: ${rule.problem}`);
  return rule;
}

/** What a success of a job is worth: low, middle and high estimate; undefined when the job does not say. */
export function valueOf(
  settings: Pick<JobConfig, 'value'> | undefined,
): { lowNanos: bigint; midNanos: bigint; highNanos: bigint } | undefined {
  const { value } = settings ?? {};
  const [lowNanos, midNanos, highNanos] = [value?.lowUsd, value?.midUsd, value?.highUsd].map((text) =>
    text === undefined ? undefined : parseUsdAsNanos(text),
  );
  if (lowNanos === undefined || midNanos === undefined || highNanos === undefined) return undefined;
  return { lowNanos, midNanos, highNanos };
}
