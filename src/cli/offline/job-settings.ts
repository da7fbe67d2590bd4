import type { JobConfig } from '../../config/index.ts';
import { parseUsdAsNanos } from '../../domain/money.ts';
import { defaultSuccessRule, isRuleProblem, readSuccessRule, type SuccessRule } from '../../domain/success-rule.ts';
import { CliError } from '../shell/cli-error.ts';

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
