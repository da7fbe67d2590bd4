import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Sample } from '../../../evals/index.ts';
import { systemClock } from '../../../platform/clock.ts';
import { readOptionalFile } from '../../../platform/read-optional-file.ts';
import type { DatasetSample } from '../../../reports/index.ts';
import { CliError, exitCodes, usageError } from '../../shell/cli-error.ts';
import { readSince } from '../../shell/read-since.ts';
import { type Terminal, writeLine } from '../../shell/terminal.ts';
import { readJobSettings, successRuleOf } from './job-settings.ts';
import { findJournalFolder } from '../journal/journal-folder.ts';
import { readExchangeLog } from '../journal/read-exchange-log.ts';

/** What `switchyard datasets export` was asked. */
export interface DatasetsExportCall {
  readonly job: string;
  readonly format: string;
  readonly since: string;
  /** MODEL=LICENCE, separated by commas. */
  readonly licence?: string | undefined;
  readonly consent: string;
  readonly out?: string | undefined;
  readonly data: string;
  readonly config?: string | undefined;
}

/** Writes kept requests of a job as a data set to learn from, chosen by their outcomes. */
export async function runDatasetsExport(call: DatasetsExportCall, terminal: Terminal): Promise<number> {
  const { dpoDataset, sftDataset } = await import('../../../reports/index.ts');
  if (call.format !== 'sft' && call.format !== 'dpo') throw usageError('--format takes sft or dpo');
  const samples = await readSamples(call, terminal);
  const terms = { licences: readLicences(call.licence), consent: call.consent };
  const { rows, leftOut } = call.format === 'sft' ? sftDataset(samples, terms) : dpoDataset(samples, terms);
  const text = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  if (call.out === undefined) terminal.write(text);
  else writeFileSync(call.out, text, { mode: 0o600 });
  const reasons = Object.entries(leftOut).filter(([, count]) => count > 0);
  const left = reasons.map(([reason, count]) => `${count} for ${reason}`).join(', ');
  const line = `${rows.length} rows from ${samples.length} kept requests${left === '' ? '' : `; left out: ${left}`}`;
  if (call.out === undefined) terminal.complain(`${line}\n`);
  else writeLine(terminal, line);
  return exitCodes.ok;
}

/** Samples of the data folder with the verdict and the model that the journal knows of. */
async function readSamples(call: DatasetsExportCall, terminal: Terminal): Promise<DatasetSample[]> {
  const kept = await readKept(call);
  const toMs = systemClock.nowMs();
  const window = { fromMs: readSince(call.since, toMs), toMs, job: call.job };
  const log = await readExchangeLog(call.data, window);
  const jobs = await readJobSettings(call, terminal.environment);
  const rule = successRuleOf(call.job, Object.hasOwn(jobs, call.job) ? jobs[call.job] : undefined);
  return [...log.exchanges()].flatMap(({ final, outcomes }): DatasetSample[] => {
    const sample = kept.get(final.requestId);
    if (sample === undefined) return [];
    const { requestId, messages, tools, answer } = sample;
    const asked = { requestId, messages, answer, ...(tools && { tools }) };
    return [{ ...asked, model: final.model, success: rule.judge(outcomes) }];
  });
}

async function readKept({ data, job }: DatasetsExportCall): Promise<ReadonlyMap<string, Sample>> {
  const file = join(dirname(findJournalFolder(data)), 'samples', `${encodeURIComponent(job)}.ndjson`);
  const kept = new Map<string, Sample>();
  for (const line of await readLines(file, job)) {
    const sample = parse(line);
    if (sample !== undefined) kept.set(sample.requestId, sample);
  }
  return kept;
}

async function readLines(file: string, job: string): Promise<readonly string[]> {
  const text = await readOptionalFile(file);
  if (text === undefined)
    throw new CliError(`no request of job ${job} was kept in ${file}: set \`samples\` of the job`);
  return text.split('\n');
}

function parse(line: string): Sample | undefined {
  try {
    return line === '' ? undefined : (JSON.parse(line) as Sample);
  } catch {
    // A crash cut the last line.
    return undefined;
  }
}

/** An answer whose licence nobody states is not to be learned from. */
function readLicences(text: string | undefined): ReadonlyMap<string, string> {
  const entries = (text ?? '').split(',').flatMap((one) => {
    const at = one.indexOf('=');
    return at > 0 ? [[one.slice(0, at).trim(), one.slice(at + 1).trim()] as const] : [];
  });
  if (entries.length === 0) throw usageError('--licence takes MODEL=LICENCE,...: what answers may be used for');
  return new Map(entries);
}
