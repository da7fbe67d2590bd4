import { formatPeriod } from '../../domain/periods.ts';
import type { InvoiceLine } from './invoice-line.ts';

/** What earlier invoices have billed for one key of an earlier period. */
export interface BilledAmount {
  readonly key: string;
  readonly amountNanos: bigint;
  readonly units: bigint | null;
}

/**
 * Compares a closed period as it is known now with what was billed for it: late facts and corrections become lines of
 * the next invoice, and the old invoice stays as it is.
 */
export function buildAdjustments(now: readonly InvoiceLine[], billed: readonly BilledAmount[]): InvoiceLine[] {
  const before = new Map<string, { amountNanos: bigint; units: bigint }>();
  for (const { key, amountNanos, units } of billed) {
    const known = before.get(key) ?? { amountNanos: 0n, units: 0n };
    before.set(key, { amountNanos: known.amountNanos + amountNanos, units: known.units + (units ?? 0n) });
  }
  return now.flatMap((line) => {
    const { amountNanos, units } = before.get(line.key) ?? { amountNanos: 0n, units: 0n };
    if (line.amountNanos === amountNanos) return [];
    const days = { startDay: line.coversStartDay, endDay: line.coversEndDay };
    return {
      ...line,
      kind: 'adjustment' as const,
      description: `Adjustment ${formatPeriod(days)}: ${line.description}`,
      units: line.units === null ? null : line.units - units,
      amountNanos: line.amountNanos - amountNanos,
    };
  });
}
