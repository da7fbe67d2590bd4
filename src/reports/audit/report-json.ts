import type { AuditReport } from './audit-report.ts';

/** The report as plain data for JSON: instants as text, amounts left as integers that are written as strings. */
export function reportAsData(report: AuditReport): object {
  const { period, stated } = report;
  return {
    ...report,
    period: period && { from: instant(period.fromMs), to: instant(period.toMs) },
    stated: { ...stated, deltaNanos: stated.oursNanos - stated.theirsNanos },
    byDay: report.byDay.map((day) => ({
      ...day,
      models: [...day.models].map(([model, costNanos]) => ({ model, costNanos })),
    })),
    priceMoves: report.priceMoves.map(({ atMs, ...move }) => ({ ...move, at: instant(atMs) })),
    cheaperHosts: report.cheaperHosts.map((host) => ({ ...host, isProven: false })),
  };
}

function instant(atMs: number): string {
  return new Date(atMs).toISOString();
}
