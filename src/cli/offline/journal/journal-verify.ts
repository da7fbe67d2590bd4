import type { JournalReport, SegmentReport } from '../../../journal/index.ts';
import { formatNanosAsUsd } from '../../../domain/money/money.ts';
import { exitCodes } from '../../shell/cli-error.ts';
import { type Terminal, writeJson, writeLine } from '../../shell/terminal.ts';
import { findJournalFolder } from './journal-folder.ts';

/** Audits a journal folder; fails when there is nothing to audit, since an empty check proves nothing. */
export async function runJournalVerify(
  options: { readonly folder: string; readonly json: boolean },
  terminal: Terminal,
): Promise<number> {
  const { verifyJournal } = await import('../../../journal/index.ts');
  const folder = findJournalFolder(options.folder);
  const report = await verifyJournal(folder);
  const segments = report.gateways.flatMap((gateway) => gateway.segments);
  const ok = report.ok && segments.length > 0;
  if (options.json) writeJson(terminal, { ...report, ok, folder });
  else for (const line of describeReport(report)) writeLine(terminal, line);
  if (segments.length === 0) terminal.complain(`switchyard: no journal found in ${folder}\n`);
  return ok ? exitCodes.ok : exitCodes.failure;
}

function describeReport(report: JournalReport): string[] {
  return report.gateways.flatMap((gateway) => [
    `${gateway.gatewayId}: ${gateway.rows} facts, cost ${formatNanosAsUsd(BigInt(gateway.costNanos))}, open ${gateway.openExchanges}`,
    ...gateway.segments.flatMap(describeSegment),
  ]);
}

function describeSegment(segment: SegmentReport): string[] {
  const head = `  segment ${segment.segment}  ${segment.state}  ${segment.frames} frames  ${segment.sizeBytes} bytes`;
  return [head, ...segment.problems.map((problem) => `    PROBLEM: ${problem}`)];
}
