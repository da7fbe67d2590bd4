import type { OutcomeFact } from '../../domain/facts/facts.ts';
import { isNecessaryOnly, type Verdict, verdictOf } from '../../domain/outcomes/outcome.ts';
import { isRuleProblem, readSuccessRule } from '../../domain/outcomes/success-rule.ts';

/**
 * What the outcomes of an exchange say by the rule of its job: success or not, believed as far as the strongest
 * evidence is. Without a rule the strongest evidence itself.
 */
export function judgeBy(success: string | undefined, outcomes: readonly OutcomeFact[]): Verdict | undefined {
  const verdict = verdictOf(outcomes);
  const rule = success === undefined ? undefined : readSuccessRule(success);
  if (rule === undefined || isRuleProblem(rule)) return verdict;
  const value = rule.judge(outcomes);
  // Revenue alone is no verdict on an answer, but a rule may make it one.
  return value === 'unknown' ? undefined : { ...(verdict ?? statedByRule), value };
}

/**
 * Whether an answer was a success, for what is decided by successes: as `judgeBy`, but without a rule a kept form says
 * nothing. It is told of every answer at once, and what people say of the answer comes later.
 */
export function successBy(success: string | undefined, outcomes: readonly OutcomeFact[]): Verdict | undefined {
  if (success !== undefined) return judgeBy(success, outcomes);
  return verdictOf(outcomes.filter(({ kind, value = 0 }) => !isNecessaryOnly(kind) || value <= 0));
}

const statedByRule = { kind: 'rule', weight: 0.9 };
