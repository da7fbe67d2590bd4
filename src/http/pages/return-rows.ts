import { Fault } from '../../domain/faults/fault.ts';
import type { ReturnsDesk } from '../returns/returns-desk.ts';
import { type OutcomeFilter, outcomeFilters, type ReturnRow } from '../returns/returns-question.ts';
import { countText, usdText } from './amounts.ts';
import { dayText } from '../../domain/money/periods.ts';
import { timeText } from './page-time.ts';
import { costPerSuccessText, returnHref, returnText } from './return-texts.ts';
import type { Cell, RowsView } from './rows-page.ts';

/** What rows of returns are read from. */
export type ReturnSource = Pick<ReturnsDesk, 'ask' | 'latest' | 'questionOf' | 'span'>;

const pageRows = 100;
const text = (value: string, href?: string): Cell => ({ text: value === '' ? '(none)' : value, href });
const amount = (value: string): Cell => ({ text: value, isAmount: true });

/** All jobs with their return; or, with a job, its requests one by one, each with what was told of it. */
export async function returnRows(
  query: { readonly [name: string]: string },
  source: ReturnSource,
): Promise<RowsView | undefined> {
  const { job = '', baseline = '' } = query;
  if (job === '') return jobRows(source);
  const question = source.questionOf(job, baseline === '' ? undefined : baseline);
  if (!question) return undefined;
  const outcome = outcomeOf(query['outcome'] ?? 'all');
  const from = offsetOf(query['cursor']);
  const span = source.span();
  const { jobs, rows, hasMore, leftOut } = await source.ask({
    ...span,
    jobs: [question],
    rows: { outcome, from, limit: pageRows },
  });
  const report = jobs[0]?.report;
  const compared =
    question.baseline === undefined || jobs[0]?.isBaselineUnknown === true ? undefined : question.baseline;
  const rule = report === undefined ? '' : ` A success is “${report.rule.text}”.`;
  const beyond = leftOut === 0 ? '' : ` ${countText(leftOut)} further requests were too many to be looked at.`;
  const expected = compared === undefined ? '' : ' What was not asked is what was expected of it.';
  return {
    title: `Requests of job ${job}`,
    lead: `${dayText(span.fromMs)} until ${dayText(span.toMs)}, newest first.${rule}${expected}${beyond}`,
    columns: columnsOf(compared),
    rows: rows.map((row) => cellsOf(row, compared !== undefined)),
    filters: [
      { name: 'job', label: 'Job', value: job },
      { name: 'outcome', label: `Outcome (${outcomeFilters.join(', ')})`, value: outcome },
      { name: 'baseline', label: 'Baseline', value: question.baseline ?? '' },
    ],
    next: hasMore ? `?${new URLSearchParams({ ...query, cursor: String(from + pageRows) })}` : undefined,
  };
}

async function jobRows(source: ReturnSource): Promise<RowsView> {
  const latest = await source.latest();
  const reports = (latest?.jobs ?? []).map(({ report }) => report).filter(({ requests }) => requests > 0);
  return {
    title: 'Return by job',
    lead: latest
      ? `The last 30 days of this gateway's log, as of ${timeText(latest.measuredAtMs)}.`
      : 'Being measured from the log; look again in a moment.',
    columns: [
      { label: 'Job' },
      { label: 'Requests', isAmount: true },
      { label: 'Unknown', isAmount: true },
      { label: 'Successes', isAmount: true },
      { label: 'Cost', isAmount: true },
      { label: 'Cost per success', isAmount: true },
      { label: 'Return, mid', isAmount: true },
      { label: 'Saved', isAmount: true },
    ],
    rows: reports.map((report) => [
      text(report.job, returnHref(report.job, 'all')),
      amount(countText(report.requests)),
      amount(countText(report.unknown)),
      amount(countText(report.successes)),
      amount(usdText(report.cost.totalNanos)),
      amount(costPerSuccessText(report)),
      amount(report.returns.length === 0 ? 'no value' : returnText(report.returns[1]?.roi)),
      amount(savedText(report.saving)),
    ]),
    filters: [],
  };
}

function savedText(saving: { savedNanos: bigint; parity: { isProven: boolean } } | undefined): string {
  if (saving === undefined) return 'no baseline';
  return saving.parity.isProven ? usdText(saving.savedNanos) : 'parity not proven';
}

function columnsOf(baseline: string | undefined): RowsView['columns'] {
  return [
    { label: 'Ended' },
    { label: 'Request' },
    { label: 'Customer' },
    { label: 'Answered by' },
    { label: 'Outcome' },
    { label: 'Paid', isAmount: true },
    { label: 'Of it drafts', isAmount: true },
    ...(baseline === undefined
      ? []
      : [`Always ${baseline}`, 'Static best', 'Drawn model'].map((label) => ({ label, isAmount: true }))),
  ];
}

const outcomeWords = { 1: 'success', 0: 'failure', unknown: 'unknown' } as const;

function cellsOf(row: ReturnRow, isCompared: boolean): Cell[] {
  const { steps } = row;
  const figures = steps && [steps.baselineNanos, steps.staticBestNanos, steps.singleNanos];
  return [
    text(timeText(row.atMs)),
    text(row.requestId),
    text(row.customer),
    text(row.host === '' ? row.model : `${row.model} at ${row.host}`),
    text(outcomeWords[row.success]),
    amount(usdText(row.costNanos)),
    amount(row.draftNanos === 0n ? '–' : usdText(row.draftNanos)),
    ...(isCompared ? (figures ?? [null, null, null]).map((nanos) => amount(expectedText(nanos))) : []),
  ];
}

function expectedText(nanos: number | null): string {
  return nanos === null ? '–' : usdText(BigInt(Math.round(nanos)));
}

function outcomeOf(value: string): OutcomeFilter {
  const found = outcomeFilters.find((one) => one === value);
  if (found !== undefined) return found;
  throw new Fault('invalid_request', { message: `The outcome must be one of ${outcomeFilters.join(', ')}.` });
}

function offsetOf(cursor: string | undefined): number {
  return cursor !== undefined && /^\d{1,7}$/.test(cursor) ? Number(cursor) : 0;
}
