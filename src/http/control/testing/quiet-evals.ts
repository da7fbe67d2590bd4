import { Fault } from '../../../domain/faults/fault.ts';
import { defaultSuccessRule, isRuleProblem, readSuccessRule } from '../../../domain/outcomes/success-rule.ts';
import { EvalService } from '../../../evals/index.ts';
import { systemClock } from '../../../platform/clock.ts';
import { createLogger } from '../../../platform/logger.ts';
import type { EvalViews } from '../routes/eval-routes.ts';

/** Evaluations that nobody works on: runs are kept and wait. */
export function quietEvals(newId: (prefix: string) => string): EvalViews {
  const evals = new EvalService({
    clock: systemClock,
    logger: createLogger('silent'),
    workerId: 'none',
    graderCaller: { post: () => Promise.resolve({ status: 500, text: '' }) },
    database: () => undefined,
    newId,
    ask: () => Promise.resolve({ answer: new Fault('upstream_error'), costNanos: 0n }),
    promptOf: () => undefined,
    ceilingNanos: () => 0n,
    tell: () => undefined,
  });
  const rule = readSuccessRule(defaultSuccessRule);
  return {
    evals,
    evalCeiling: () => 0n,
    loggedItems: () => Promise.resolve([]),
    ruleOf: () => (isRuleProblem(rule) ? undefined : rule),
  };
}
