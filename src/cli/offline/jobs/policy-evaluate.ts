import { isDeepStrictEqual } from 'node:util';
import { type JobConfig, parseConfig } from '../../../config/index.ts';
import { parseUsdAsNanos } from '../../../domain/money/money.ts';
import { dayText } from '../../../domain/money/periods.ts';
import { systemClock } from '../../../platform/clock.ts';
import type {
  JobPolicy,
  LoggedDecision,
  MetricComparison,
  PolicyEvaluation,
  PolicyMetric,
  SegmentEvaluation,
} from '../../../routing/index.ts';
import { alignRows } from '../../shell/align-rows.ts';
import { CliError, exitCodes } from '../../shell/cli-error.ts';
import { readTextFile } from '../../shell/read-file.ts';
import { readSince } from '../../shell/read-since.ts';
import { type Terminal, writeJson, writeLine } from '../../shell/terminal.ts';
import { readExchangeLog } from '../journal/read-exchange-log.ts';
import { readJobSettings, successRuleOf, valueOf } from './job-settings.ts';

/** What `switchyard policy evaluate` was asked. */
export interface PolicyEvaluateCall {
  readonly candidate: string;
  readonly since: string;
  readonly job: string | undefined;
  readonly data: string;
  readonly config: string | undefined;
  readonly json: boolean;
}

/** Answers with figures and, where the log cannot tell, with the reason; the exit code says which. */
export async function runPolicyEvaluate(call: PolicyEvaluateCall, terminal: Terminal): Promise<number> {
  const { evaluatePolicy } = await import('../../../routing/index.ts');
  const toMs = systemClock.nowMs();
  const fromMs = readSince(call.since, toMs);
  const settings = await readCandidate(call.candidate, call.job);
  const jobs = await readJobSettings(call, terminal.environment);
  const keepsCascade = keptCascades(call.candidate, settings, jobs);
  const { decisions, leftOut } = await readDecisions(call, { jobs, fromMs, toMs, keepsCascade });
  const evaluation = evaluatePolicy(decisions, {
    jobs: new Map(settings.map(([job, wanted]) => [job, policyOf(wanted)])),
  });
  const isConclusive = evaluation.all.refusals.length === 0;
  if (call.json) {
    const kept = { keepsCascade: [...keepsCascade] };
    writeJson(terminal, { candidate: call.candidate, fromMs, toMs, leftOut, isConclusive, ...kept, ...evaluation });
  } else {
    const days = `${dayText(fromMs)} to ${dayText(toMs)}`;
    writeLine(terminal, `${call.candidate} against what was decided from ${days}`);
    if (leftOut > 0) writeLine(terminal, `${leftOut} further exchanges were too many to be read`);
    for (const job of keepsCascade) writeLine(terminal, `job ${job} keeps its cascade as it was logged`);
    for (const line of describe(evaluation)) writeLine(terminal, line);
  }
  return isConclusive ? exitCodes.ok : exitCodes.failure;
}

async function readCandidate(
  file: string,
  only: string | undefined,
): Promise<readonly (readonly [string, JobConfig])[]> {
  const { config, problems } = parseConfig(await readTextFile(file));
  const [first] = problems;
  if (config === undefined)
    throw new CliError(`${file}:${first?.line}:${first?.column} ${first?.path} ${first?.message}`);
  const named = Object.entries(config.jobs).filter(([job]) => only === undefined || job === only);
  if (named.length === 0)
    throw new CliError(`${file} has no settings of ${only === undefined ? 'any job' : `job ${only}`}`);
  return named;
}

/** Jobs whose cascade the candidate leaves as it is. What another chain would have answered stands in no log. */
function keptCascades(
  file: string,
  settings: readonly (readonly [string, JobConfig])[],
  jobs: { readonly [job: string]: JobConfig },
): ReadonlySet<string> {
  const kept = settings.filter(([, { cascade }]) => cascade !== undefined);
  for (const [job, { cascade }] of kept) {
    const now = Object.hasOwn(jobs, job) ? jobs[job]?.cascade : undefined;
    if (isDeepStrictEqual(cascade, now)) continue;
    throw new CliError(`${file}: the cascade of job ${job} is not the one it has; keep it as it is, or leave it out`);
  }
  return new Set(kept.map(([job]) => job));
}

function policyOf(settings: JobConfig): JobPolicy {
  const value = valueOf(settings);
  const second = settings.secondUsd === undefined ? undefined : parseUsdAsNanos(settings.secondUsd);
  return {
    models: settings.models,
    // Expected utilities are statistical quantities: a float is exact enough for them.
    valueNanos: value && Number(value.midNanos),
    costWeight: settings.costWeight,
    nanosPerSecond: Number(second ?? 0n),
    floor: settings.floor,
  };
}

async function readDecisions(
  call: PolicyEvaluateCall,
  of: {
    jobs: { readonly [job: string]: JobConfig };
    fromMs: number;
    toMs: number;
    keepsCascade: ReadonlySet<string>;
  },
): Promise<{ decisions: LoggedDecision[]; leftOut: number }> {
  const { readLoggedDecision } = await import('../../../routing/index.ts');
  const { fromMs, toMs, jobs, keepsCascade } = of;
  const log = await readExchangeLog(call.data, { fromMs, toMs, ...(call.job !== undefined && { job: call.job }) });
  const rules = new Map(Object.entries(jobs).map(([job, settings]) => [job, successRuleOf(job, settings)]));
  const usual = successRuleOf('', undefined);
  const decisions: LoggedDecision[] = [];
  for (const exchange of log.exchanges()) {
    const job = exchange.final.job ?? '';
    const decision = readLoggedDecision(exchange, rules.get(job) ?? usual, { keepsCascade: keepsCascade.has(job) });
    if (decision !== undefined) decisions.push(decision);
  }
  decisions.sort((left, right) => left.atMs - right.atMs);
  return { decisions, leftOut: log.leftOut };
}

const names: { readonly [Metric in PolicyMetric]: string } = {
  value: 'value per request',
  quality: 'success',
  costNanos: 'cost per request',
  latencyMs: 'latency',
};

function describe({ all, segments }: PolicyEvaluation): string[] {
  const { requests, observed, changed, effectiveSize } = all;
  return [
    `${requests} decisions, ${observed} with an outcome; ${changed} would change`,
    ...(all.refusals.length === 0 ? [] : ['the figures below are not to be relied on: see the end']),
    '',
    ...alignRows([
      ['', 'logged', 'candidate', 'difference', '95 %'],
      ...metricsOf(all).map(([metric, figures]) => comparisonRow(metric, figures)),
    ]),
    '',
    `outcomes worth ${Math.floor(effectiveSize)} plain ones${estimators(all)}`,
    '',
    ...alignRows([['segment', 'decisions', 'worth', 'success', 'difference', '95 %'], ...segments.map(segmentRow)]),
    '',
    ...verdict(all),
  ];
}

function metricsOf({ metrics }: SegmentEvaluation): readonly (readonly [PolicyMetric, MetricComparison])[] {
  const order: readonly PolicyMetric[] = ['value', 'quality', 'costNanos', 'latencyMs'];
  return order.flatMap((metric) => {
    const figures = metrics[metric];
    return figures === undefined ? [] : [[metric, figures] as const];
  });
}

function comparisonRow(metric: PolicyMetric, { logged, candidate, difference }: MetricComparison): string[] {
  const text = (value: number): string => figureText(metric, value);
  const [lower, upper] = difference.interval;
  return [
    names[metric],
    text(logged),
    text(candidate.drClip),
    text(difference.mean),
    `${text(lower)} to ${text(upper)}`,
  ];
}

function figureText(metric: PolicyMetric, value: number): string {
  if (metric === 'quality') return fixed(value, 3);
  if (metric === 'latencyMs') return `${fixed(value, 0)} ms`;
  const usd = Math.round(Math.abs(value)) / 1e9;
  if (usd === 0) return '$0.00';
  const digits = Math.max(2, 2 - Math.floor(Math.log10(usd)));
  return `${value < 0 ? '-' : ''}$${usd.toFixed(Math.min(9, digits))}`;
}

/** A figure that rounds to nothing has no sign. */
function fixed(value: number, digits: number): string {
  return value.toFixed(digits).replace(/^-(?=[0.]*$)/, '');
}

function estimators({ metrics }: SegmentEvaluation): string {
  const value = metrics.quality?.candidate;
  if (value === undefined) return '';
  const { ips, snips, dm, dr, largestWeight } = value;
  const others = Object.entries({ IPS: ips, SNIPS: snips, DM: dm, DR: dr });
  const list = others.map(([name, figure]) => `${name} ${figure.toFixed(3)}`).join(', ');
  return `, largest weight ${largestWeight.toFixed(1)}; success by other estimators: ${list}`;
}

function segmentRow({ segment, requests, effectiveSize, metrics, refusals }: SegmentEvaluation): string[] {
  const { quality } = metrics;
  const head = [segment, String(requests), String(Math.floor(effectiveSize))];
  if (quality === undefined || refusals.length > 0) {
    return [...head, '-', '-', `no conclusion: ${refusals.map(({ reason }) => reason).join(', ')}`];
  }
  const [lower, upper] = quality.difference.interval;
  const difference = fixed(quality.difference.mean, 3);
  return [...head, fixed(quality.candidate.drClip, 3), difference, `${fixed(lower, 3)} to ${fixed(upper, 3)}`];
}

function verdict({ refusals, metrics }: SegmentEvaluation): string[] {
  if (refusals.length > 0) return refusals.map(({ detail }) => `no conclusion: ${detail}`);
  const decisive = metrics.value ?? metrics.quality;
  const [lower = 0, upper = 0] = decisive?.difference.interval ?? [];
  const what = metrics.value === undefined ? 'success' : 'value';
  if (lower > 0) return [`estimated: the candidate is better in ${what}`];
  if (upper < 0) return [`estimated: the candidate is worse in ${what}`];
  return [`estimated: no difference in ${what} is shown`];
}
