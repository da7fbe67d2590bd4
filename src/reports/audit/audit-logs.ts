import type { Fact } from '../../domain/facts/facts.ts';
import { AuditTally } from './audit-tally.ts';
import type { AuditReport, FileReport } from './audit-report.ts';
import { buildReport } from './findings/build-report.ts';
import { JournalRows } from './formats/journal-facts.ts';
import type { AuditPrices } from './prices/offer.ts';
import { readLogFile } from './reading/read-log-file.ts';

/** A journal of ours to audit, opened by the caller. */
export interface JournalSource {
  readonly name: string;
  readonly sizeBytes: number;
  readonly facts: AsyncIterable<Fact>;
}

/** What to audit. */
export interface AuditSources {
  /** Log files in the order in which they are read. */
  readonly files: readonly string[];
  readonly journals?: readonly JournalSource[];
  readonly prices: AuditPrices;
  /** Where the prices come from, in words. */
  readonly priceSource: string;
}

/** Reads logs and journals once, in one pass, and tells what was spent and on what. */
export async function auditLogs(sources: AuditSources): Promise<AuditReport> {
  const tally = new AuditTally(sources.prices);
  const reports: FileReport[] = [];
  for (const file of sources.files) reports.push(await readLogFile(file, (row) => tally.add(row)));
  for (const journal of sources.journals ?? []) reports.push(await readJournal(journal, tally));
  return buildReport(tally, reports, sources.priceSource);
}

async function readJournal({ name, sizeBytes, facts }: JournalSource, tally: AuditTally): Promise<FileReport> {
  let [records, rows] = [0, 0];
  const reader = new JournalRows((row) => {
    rows++;
    tally.add(row);
  });
  for await (const fact of facts) {
    records++;
    reader.add(fact);
  }
  reader.end();
  return {
    file: name,
    format: 'Switchyard journal',
    sizeBytes,
    records,
    rows,
    skipped: [],
    badCount: 0,
    bad: [],
    unknownColumns: [],
  };
}
