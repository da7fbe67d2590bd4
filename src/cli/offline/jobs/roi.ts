import { writeFileSync } from 'node:fs';
import type { JobConfig } from '../../../config/index.ts';
import type { LoggedExchange } from '../../../domain/facts/exchange-log.ts';
import type { SuccessRule } from '../../../domain/outcomes/success-rule.ts';
import { systemClock } from '../../../platform/clock.ts';
import type { Parity } from '../../../reports/index.ts';
import { CliError, exitCodes } from '../../shell/cli-error.ts';
import { readSince } from '../../shell/read-since.ts';
import { type Terminal, writeJson, writeLine } from '../../shell/terminal.ts';
import { readJobSettings, successRuleOf, valueOf } from './job-settings.ts';
import { readExchangeLog } from '../journal/read-exchange-log.ts';

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
  const { measureRoi, roiLines, roiPage } = await import('../../../reports/index.ts');
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

async function findParity(
  exchanges: readonly LoggedExchange[],
  of: { call: RoiCall; settings: JobConfig | undefined; rule: SuccessRule },
): Promise<Parity | undefined> {
  const { call, settings, rule } = of;
  const baseline = call.baseline ?? settings?.floor?.incumbent;
  if (baseline === undefined) return undefined;
  const { compareWithBaseline, readLoggedDecision } = await import('../../../routing/index.ts');
  const decisions = exchanges.flatMap((exchange) => readLoggedDecision(exchange, rule) ?? []);
  const margin = settings?.floor?.margin ?? defaultMargin;
  const parity = compareWithBaseline(decisions, { job: call.job, baseline, margin });
  if (parity) return parity;
  throw new CliError(`${baseline} was no candidate of job ${call.job} in the log; name another --baseline`);
}
