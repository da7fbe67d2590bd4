import { formatDay } from '../../domain/money/periods.ts';
import type { ReconciliationReport, UnitSums } from './reconciliation-report.ts';

/** A report as JSON carries it: amounts and units as text. */
export interface ReportDocument {
  readonly host: string;
  readonly firstDay: string;
  readonly lastDay: string;
  readonly isByKey: boolean;
  readonly shifts: ReconciliationReport['shifts'];
  readonly oursNanos: string;
  readonly theirsNanos: string;
  readonly deltaNanos: string;
  readonly varianceNanos: string;
  readonly coveragePpm: string | null;
  readonly estimatedPpm: string;
  readonly classes: readonly { readonly difference: string; readonly cells: number; readonly deltaNanos: string }[];
  readonly cells: readonly {
    readonly day: string;
    readonly model: string;
    readonly key: string;
    readonly difference: string;
    readonly missingOn: 'ours' | 'theirs' | null;
    readonly oursNanos: string | null;
    readonly theirsNanos: string | null;
    readonly deltaNanos: string | null;
    readonly oursUnits: { readonly [bucket: string]: string } | null;
    readonly theirsUnits: { readonly [bucket: string]: string } | null;
  }[];
}

/** Writes a report for the control API and the command line. */
export function formatReport(report: ReconciliationReport): ReportDocument {
  return {
    host: report.host,
    firstDay: formatDay(report.firstDay),
    lastDay: formatDay(report.lastDay),
    isByKey: report.isByKey,
    shifts: report.shifts,
    oursNanos: report.oursNanos.toString(),
    theirsNanos: report.theirsNanos.toString(),
    deltaNanos: report.deltaNanos.toString(),
    varianceNanos: report.varianceNanos.toString(),
    coveragePpm: report.coveragePpm?.toString() ?? null,
    estimatedPpm: report.estimatedPpm.toString(),
    classes: report.classes.map(({ deltaNanos, ...rest }) => ({ ...rest, deltaNanos: deltaNanos.toString() })),
    cells: report.cells.map((cell) => ({
      day: formatDay(cell.day),
      model: cell.model,
      key: cell.key,
      difference: cell.difference,
      missingOn: cell.missingOn ?? null,
      oursNanos: cell.ours?.amountNanos.toString() ?? null,
      theirsNanos: cell.theirs?.amountNanos?.toString() ?? null,
      deltaNanos: cell.deltaNanos?.toString() ?? null,
      oursUnits: cell.ours ? unitTexts(cell.ours.units) : null,
      theirsUnits: cell.theirs?.units ? unitTexts(cell.theirs.units) : null,
    })),
  };
}

function unitTexts(units: UnitSums): { readonly [bucket: string]: string } {
  return Object.fromEntries(Object.entries(units).map(([bucket, count]) => [bucket, String(count)]));
}
