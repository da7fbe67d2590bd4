import { minorDigitsOf } from '../invoice-totals.ts';

/** Writes nanos as a decimal without a currency: `7.04`, `0.000012345`; at least the given decimals. */
export function formatDecimal(amountNanos: bigint, leastDecimals = 0): string {
  const sign = amountNanos < 0n ? '-' : '';
  const digits = (amountNanos < 0n ? -amountNanos : amountNanos).toString().padStart(10, '0');
  const fraction = digits.slice(-9).replace(/0+$/, '').padEnd(leastDecimals, '0');
  return `${sign}${digits.slice(0, -9)}${fraction === '' ? '' : `.${fraction}`}`;
}

/** Writes an amount to pay: `EUR 11.40`. */
export function formatAmount(amountNanos: bigint, currency: string): string {
  return `${currency} ${formatDecimal(amountNanos, minorDigitsOf(currency))}`;
}

/** Writes parts per million as a percentage: `19`, `7.7`. */
export function formatPercent(ppm: bigint): string {
  return formatDecimal(ppm * 100_000n);
}
