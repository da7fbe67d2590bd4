import { writeFileSync } from 'node:fs';
import type { JobConfig } from '../../config/index.ts';
import type { LoggedExchange } from '../../domain/exchange-log.ts';
import type { SuccessRule } from '../../domain/success-rule.ts';
import { systemClock } from '../../platform/clock.ts';
import type { Parity } from '../../reports/index.ts';
import { CliError, exitCodes } from '../shell/cli-error.ts';
import { readSince } from '../shell/read-since.ts';
import { type Terminal, writeJson, writeLine } from '../shell/terminal.ts';
import { readJobSettings, successRuleOf, valueOf } from './job-settings.ts';
import { readExchangeLog } from './read-exchange-log.ts';

/** What `switchyard roi` was asked. */
export interface RoiCall {
  readonly job: string;
  readonly since: string;
  readonly baseline?: string | undefined;
  readonly html?: string | undefined;
  readonly data: string;
  readonly config?: string | undefined;
  readonly json: boolean;
}

const defaultMargin = 0.02;

/** Measures one job from the journal. */
export async function runRoi(call: RoiCall, terminal: Terminal): Promise<number> {
  const { measureRoi, roiLines, roiPage } = await import('../../reports/index.ts');
  const toMs = systemClock.nowMs();
  const fromMs = readSince(call.since, toMs);
  const jobs = await readJobSettings(call, terminal.environment);
  const settings = Object.hasOwn(jobs, call.job) ? jobs[call.job] : undefined;
  const rule = successRuleOf(call.job, settings);
  const log = await readExchangeLog(call.data, { fromMs, toMs, job: call.job });
  const exchanges = [...log.exchanges()];
  if (exchanges.length === 0) throw new CliError(`the log holds no request of job ${call.job} since ${call.since}`);
  const parity = await findParity(exchanges, { call, settings, rule });
  const report = measureRoi(exchanges, { job: call.job, fromMs, toMs, rule, value: valueOf(settings), parity });
  if (call.html !== undefined) writeFileSync(call.html, roiPage(report));
  if (call.json) {
    writeJson(terminal, report);
    return exitCodes.ok;
  }
  if (log.leftOut > 0) terminal.complain(`${log.leftOut} further exchanges were too many to be read\n`);
  for (const line of roiLines(report, terminal.screen() !== undefined)) writeLine(terminal, line);
  if (call.html !== undefined) writeLine(terminal, `${call.html} written: open it in a browser.`);
  return exitCodes.ok;
}

/**
 * Success against the baseline, as if it had answered every request: routed traffic is confounded, so that the plain
 * rates of the two prove nothing.
 */
async function findParity(
  exchanges: readonly LoggedExchange[],
  of: { call: RoiCall; settings: JobConfig | undefined; rule: SuccessRule },
): Promise<Parity | undefined> {
  const { call, settings, rule } = of;
  const baseline = call.baseline ?? settings?.floor?.incumbent;
  if (baseline === undefined) return undefined;
  const { evaluatePolicy, readLoggedDecision } = await import('../../routing/index.ts');
  const decisions = exchanges.flatMap((exchange) => readLoggedDecision(exchange, rule) ?? []);
  if (!decisions.some(({ candidates }) => candidates.some(({ model }) => model === baseline))) {
    throw new CliError(`${baseline} was no candidate of job ${call.job} in the log; name another --baseline`);
  }
  const only = { models: [baseline], valueNanos: undefined, costWeight: 0, nanosPerSecond: 0, floor: undefined };
  const { all } = evaluatePolicy(decisions, { jobs: new Map([[call.job, only]]) });
  const margin = settings?.floor?.margin ?? defaultMargin;
  const difference = all.metrics.quality?.difference;
  const [refusal] = all.refusals;
  if (difference === undefined || refusal !== undefined) {
    const detail = refusal?.detail ?? 'the log has no outcomes';
    return { baseline, margin, difference: undefined, lowerBound: undefined, isProven: false, detail };
  }
  // The evaluation says how the baseline differs from what answered; the report asks the other way round.
  const lowerBound = -difference.interval[1];
  const isProven = lowerBound > -margin;
  const points = (share: number): string => `${(100 * share).toFixed(1)} points`;
  const detail =
    `success differs by ${points(-difference.mean)}, at least ${points(lowerBound)}; ` +
    `at most ${points(margin)} may be lost`;
  return { baseline, margin, difference: -difference.mean, lowerBound, isProven, detail };
}
