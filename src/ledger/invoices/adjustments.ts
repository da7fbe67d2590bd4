import { formatPeriod } from '../../domain/money/periods.ts';
import type { InvoiceLine } from './invoice-line.ts';

/**
 * Compares a closed period as it is known now with the lines that were billed for it: late facts and corrections become
 * lines of the next invoice, and the old invoice stays as it is.
 */
export function buildAdjustments(now: readonly InvoiceLine[], billed: readonly InvoiceLine[]): InvoiceLine[] {
  const known = new Map(now.map((line) => [line.key, line]));
  const before = sumByKey(billed);
  const keys = new Set([...known.keys(), ...before.keys()]);
  return [...keys].flatMap((key) => {
    const current = known.get(key);
    const earlier = before.get(key);
    const line = current ?? earlier;
    const amountNanos = (current?.amountNanos ?? 0n) - (earlier?.amountNanos ?? 0n);
    if (!line || amountNanos === 0n) return [];
    const days = formatPeriod({ startDay: line.coversStartDay, endDay: line.coversEndDay });
    const description = `Adjustment ${days}: ${(current ?? earlier)?.description ?? ''}`;
    const units = line.units === null ? null : (current?.units ?? 0n) - (earlier?.units ?? 0n);
    return [{ ...line, kind: 'adjustment' as const, description, units, amountNanos }];
  });
}

/** What was billed for each key, by the first invoice and by adjustments after it. */
function sumByKey(lines: readonly InvoiceLine[]): Map<string, InvoiceLine> {
  const sums = new Map<string, InvoiceLine>();
  for (const line of lines) {
    const sum = sums.get(line.key);
    if (!sum) sums.set(line.key, line);
    else {
      const units = line.units === null ? sum.units : (sum.units ?? 0n) + line.units;
      sums.set(line.key, { ...sum, units, amountNanos: sum.amountNanos + line.amountNanos });
    }
  }
  return sums;
}
