import type { ImportResult } from './importer.ts';
import type { ReportEntry, Verdict } from './import-report.ts';

const order: readonly Verdict[] = ['kept', 'changed', 'unsupported'];
const titles: { readonly [Name in Verdict]: string } = {
  kept: 'Kept',
  changed: 'Changed',
  unsupported: 'Unsupported',
};

/** Tells what became of every setting, and which variables are to be set. */
export function describeReport({ entries, secrets }: ImportResult): string[] {
  const groups = order.flatMap((verdict) => {
    const own = entries.filter((entry) => entry.verdict === verdict);
    return own.length === 0 ? [] : [`${titles[verdict]} (${own.length})`, ...own.map(entryLine), ''];
  });
  const moved = secrets.map(({ variable, from }) => `  ${variable}  from ${from}`);
  return [...groups, ...(moved.length === 0 ? [] : ['Set these variables before starting', ...moved, ''])];
}

/** How many settings had which fate. */
export function countVerdicts(entries: readonly ReportEntry[]): { readonly [Name in Verdict]: number } {
  const count = (verdict: Verdict): number => entries.filter((entry) => entry.verdict === verdict).length;
  return { kept: count('kept'), changed: count('changed'), unsupported: count('unsupported') };
}

function entryLine({ path, note }: ReportEntry): string {
  return `  ${path}: ${note}`;
}
