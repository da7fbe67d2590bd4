import { parseRatioAsPpm } from '../../../domain/money/money.ts';
import { systemClock } from '../../../platform/clock.ts';
import type { LogColumns, WhatIfReport } from '../../../reports/index.ts';
import { CliError, exitCodes, usageError } from '../../shell/cli-error.ts';
import { readCount } from '../../shell/read-arguments.ts';
import { readSince } from '../../shell/read-since.ts';
import { type Terminal, writeJson, writeLine } from '../../shell/terminal.ts';
import { readJobSettings, successRuleOf } from './job-settings.ts';
import { findJournalFolder } from '../journal/journal-folder.ts';

/** Which log is replayed, and how the answer is written. */
export interface WhatIfCall {
  readonly since: string;
  readonly data: string;
  readonly config?: string | undefined;
  readonly json: boolean;
}

const maxRows = 2_000_000;
const largestRatioPpm = 1_000_000_000_000n;

/** Answers `switchyard whatif price`. */
export async function runWhatIfPrice(
  call: WhatIfCall & { readonly subject: string; readonly ratio: string },
  terminal: Terminal,
): Promise<number> {
  const ratioPpm = parseRatioAsPpm(call.ratio);
  if (ratioPpm === undefined || ratioPpm > largestRatioPpm) {
    throw usageError(`RATIO must be a factor such as 1.5 or 0.25, with at most six decimals, not "${call.ratio}"`);
  }
  const { askPrice } = await import('../../../reports/index.ts');
  const log = await readColumns(call, terminal);
  const report = askPrice(log, { subject: call.subject, ratioPpm });
  const known = [...log.models.all(), ...log.hosts.all()];
  return answer(call, { report, subject: call.subject, known, terminal });
}

/** Answers `switchyard whatif lose`. */
export async function runWhatIfLose(
  call: WhatIfCall & { readonly host: string; readonly room?: string | undefined; readonly rpm?: string | undefined },
  terminal: Terminal,
): Promise<number> {
  const roomPpm = call.room === undefined ? undefined : parseRatioAsPpm(call.room);
  if (call.room !== undefined && (roomPpm === undefined || roomPpm > 1_000_000n)) {
    throw usageError(`--room must be a share from 0 to 1, not "${call.room}"`);
  }
  const requestsPerMinute = readLimits(call.rpm);
  const { askLoss } = await import('../../../reports/index.ts');
  const log = await readColumns(call, terminal);
  const report = askLoss(log, {
    host: call.host,
    ...(roomPpm !== undefined && { roomPpm: Number(roomPpm) }),
    ...(requestsPerMinute && { requestsPerMinute }),
  });
  return answer(call, { report, subject: call.host, known: log.hosts.all(), terminal });
}

function readLimits(text: string | undefined): ReadonlyMap<string, number> | undefined {
  if (text === undefined) return undefined;
  return new Map(
    text.split(',').map((entry): readonly [string, number] => {
      const [host = '', limit = ''] = entry.split('=', 2);
      return [host.trim(), readCount('rpm', limit.trim())];
    }),
  );
}

async function readColumns(call: WhatIfCall, terminal: Terminal): Promise<LogColumns> {
  const { ColumnBuilder } = await import('../../../reports/index.ts');
  const { readJournalDirectory } = await import('../../../journal/index.ts');
  const toMs = systemClock.nowMs();
  const jobs = await readJobSettings(call, terminal.environment);
  const rules = new Map(Object.entries(jobs).map(([job, settings]) => [job, successRuleOf(job, settings)]));
  const usual = successRuleOf('', undefined);
  const builder = new ColumnBuilder({
    fromMs: readSince(call.since, toMs),
    toMs,
    maxRows,
    ruleOf: (job) => rules.get(job) ?? usual,
  });
  for await (const { fact } of readJournalDirectory(findJournalFolder(call.data))) builder.add(fact);
  if (builder.leftOut > 0) terminal.complain(`${builder.leftOut} further requests were too many to be replayed\n`);
  return builder.build();
}

async function answer(
  call: WhatIfCall,
  of: {
    report: WhatIfReport | undefined;
    subject: string;
    /** What could have been named instead. */
    known: readonly string[];
    terminal: Terminal;
  },
): Promise<number> {
  const { report, subject, terminal } = of;
  const { whatIfData, whatIfLines } = await import('../../../reports/index.ts');
  if (report === undefined) {
    const known = of.known.slice(0, 20).join(', ');
    const seen = known === '' ? 'no request was logged in this time' : `it used ${known}`;
    throw new CliError(`the log never used ${subject}; ${seen}`);
  }
  if (call.json) writeJson(terminal, whatIfData(report));
  else for (const line of whatIfLines(report)) writeLine(terminal, line);
  return exitCodes.ok;
}
