import { ExchangeLog, type LoggedExchange } from '../../domain/facts/exchange-log.ts';
import type { Fact } from '../../domain/facts/facts.ts';
import { isRuleProblem, readSuccessRule, type SuccessRule } from '../../domain/outcomes/success-rule.ts';
import { measureRoi, stepsOf } from '../../reports/index.ts';
import { compareWithBaseline, readLoggedDecision } from '../../routing/index.ts';
import type {
  JobQuestion,
  MeasuredReturn,
  OutcomeFilter,
  ReturnRow,
  ReturnsAnswer,
  ReturnsQuestion,
} from './returns-question.ts';

/** Measures jobs from facts, which are read once for all of them. */
export async function measureReturns(
  facts: AsyncIterable<{ readonly fact: Fact }>,
  question: ReturnsQuestion,
): Promise<ReturnsAnswer> {
  const { fromMs, toMs, jobs, mostExchanges: maxExchanges } = question;
  const [first] = jobs;
  const only = jobs.length === 1 && first ? { job: first.job } : {};
  const log = new ExchangeLog({ fromMs, toMs, maxExchanges, ...only });
  for await (const { fact } of facts) log.add(fact);
  const byJob = new Map<string, LoggedExchange[]>();
  for (const exchange of log.exchanges()) {
    const job = exchange.final.job ?? '';
    const known = byJob.get(job);
    if (known === undefined) byJob.set(job, [exchange]);
    else known.push(exchange);
  }
  const { rows: wanted } = question;
  const rows = wanted && first ? rowsOf(byJob.get(first.job) ?? [], first, wanted.outcome) : [];
  const shown = wanted ? rows.slice(wanted.from, wanted.from + wanted.limit) : [];
  return {
    jobs: jobs.map((job) => measureJob(byJob.get(job.job) ?? [], { ...job, fromMs, toMs })),
    rows: shown,
    hasMore: wanted !== undefined && wanted.from + shown.length < rows.length,
    leftOut: log.leftOut,
  };
}

function measureJob(
  exchanges: readonly LoggedExchange[],
  question: JobQuestion & { readonly fromMs: number; readonly toMs: number },
): MeasuredReturn {
  const { job, baseline, margin, value, fromMs, toMs } = question;
  const rule = ruleOf(question);
  const decisions = baseline === undefined ? [] : exchanges.flatMap((one) => readLoggedDecision(one, rule) ?? []);
  const parity = baseline === undefined ? undefined : compareWithBaseline(decisions, { job, baseline, margin });
  return {
    report: measureRoi(exchanges, { job, fromMs, toMs, rule, value, parity }),
    isBaselineUnknown: baseline !== undefined && parity === undefined,
  };
}

function rowsOf(
  exchanges: readonly LoggedExchange[],
  question: JobQuestion,
  outcome: OutcomeFilter,
): readonly ReturnRow[] {
  const rule = ruleOf(question);
  // As in the report: answers for evaluations are no traffic.
  const traffic = exchanges.filter(({ outcomes }) => !outcomes.some(({ runId }) => runId !== undefined));
  const { baseline, margin } = question;
  const steps = baseline === undefined ? [] : stepsOf(traffic, { baseline, margin }).steps;
  const stepsById = new Map(steps.map((one) => [one.requestId, one] as const));
  return traffic
    .map(({ final, outcomes, costNanos, draftNanos = 0n }): ReturnRow => {
      const known = stepsById.get(final.requestId);
      return {
        requestId: final.requestId,
        atMs: final.atMs,
        customer: final.customer,
        model: final.model,
        host: final.host ?? '',
        success: rule.judge(outcomes),
        costNanos,
        draftNanos,
        ...(known && { steps: known }),
      };
    })
    .filter(({ success }) => isWanted(success, outcome))
    .toSorted((left, right) => right.atMs - left.atMs);
}

function isWanted(success: ReturnRow['success'], outcome: OutcomeFilter): boolean {
  if (outcome === 'all') return true;
  if (outcome === 'told') return success !== 'unknown';
  return outcome === (success === 'unknown' ? 'unknown' : wordOf(success));
}

function wordOf(success: 1 | 0): OutcomeFilter {
  return success === 1 ? 'success' : 'failure';
}

function ruleOf({ job, rule: text }: JobQuestion): SuccessRule {
  const rule = readSuccessRule(text);
  if (isRuleProblem(rule)) throw new Error(`the success rule of job ${job} cannot be read: ${rule.problem}`);
  return rule;
}
