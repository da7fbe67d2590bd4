const nanosPerDollar = 1_000_000_000n;

/** An amount for people: `$1,234.56`, and four significant digits below a dollar, so that small costs are not `$0.00`. */
export function usd(amountNanos: bigint): string {
  const sign = amountNanos < 0n ? '-' : '';
  const amount = amountNanos < 0n ? -amountNanos : amountNanos;
  if (amount === 0n) return '$0.00';
  if (amount >= nanosPerDollar) return `${sign}$${cents(amount)}`;
  const digits = amount.toString().padStart(9, '0');
  const first = digits.search(/[1-9]/);
  const kept = digits.slice(0, Math.max(2, Math.min(9, first + 4))).replace(/0+$/, '');
  return `${sign}$0.${kept.padEnd(2, '0')}`;
}

/** An amount with its sign, for differences. */
export function signedUsd(amountNanos: bigint): string {
  return amountNanos > 0n ? `+${usd(amountNanos)}` : usd(amountNanos);
}

/** A short amount for the axis of a chart: `$12.5k`. */
export function axisUsd(amountNanos: bigint): string {
  const dollars = amountNanos / nanosPerDollar;
  if (dollars >= 1_000_000n) return `$${tenths(amountNanos, 1_000_000n)}M`;
  if (dollars >= 1_000n) return `$${tenths(amountNanos, 1_000n)}k`;
  if (dollars >= 10n) return `$${dollars}`;
  return usd(amountNanos);
}

/** A price in USD per million from pico-USD per unit. */
export function perMillion(picosPerUnit: bigint | undefined): string {
  if (picosPerUnit === undefined) return 'none';
  const digits = picosPerUnit.toString().padStart(7, '0');
  const fraction = digits.slice(-6).replace(/0+$/, '');
  return `$${digits.slice(0, -6)}${fraction === '' ? '' : `.${fraction}`}`;
}

/** A count with separators. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** A count for narrow columns: `12.3M`. */
export function shortCount(value: number): string {
  const steps: readonly (readonly [number, string])[] = [
    [1e12, 'T'],
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ];
  const step = steps.find(([size]) => value >= size * 10 || (size > 1e3 && value >= size));
  if (!step) return count(value);
  const scaled = value / step[0];
  return `${scaled >= 100 ? Math.round(scaled) : scaled.toFixed(1)}${step[1]}`;
}

/** How much of a whole a part is, between 0 and 1, for drawing; parts of nothing are nothing. */
export function shareOf(part: bigint, whole: bigint): number {
  return whole === 0n ? 0 : Number((part * 1_000_000n) / whole) / 1_000_000;
}

/** A share as text, with a sign when it is a change. */
export function percent(share: number, isChange = false): string {
  const value = share * 100;
  const text = `${Math.abs(value) >= 99.95 ? Math.round(value) : value.toFixed(1)} %`;
  return isChange && value > 0 ? `+${text}` : text;
}

function cents(amount: bigint): string {
  const rounded = (amount + 5_000_000n) / 10_000_000n;
  const whole = (rounded / 100n).toString().replace(/\B(?=([0-9]{3})+$)/g, ',');
  return `${whole}.${(rounded % 100n).toString().padStart(2, '0')}`;
}

function tenths(amountNanos: bigint, unit: bigint): string {
  const value = (amountNanos * 10n) / (nanosPerDollar * unit);
  return value % 10n === 0n ? `${value / 10n}` : `${value / 10n}.${value % 10n}`;
}
