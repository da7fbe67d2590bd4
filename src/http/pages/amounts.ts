const nanosPerUsd = 1_000_000_000n;
const nanosPerCent = 10_000_000n;

/** Writes an amount for a page: dollars and cents, or as many digits as a small amount needs. Unknown is said. */
export function usdText(amountNanos: bigint | null): string {
  if (amountNanos === null) return 'unknown';
  const size = amountNanos < 0n ? -amountNanos : amountNanos;
  const sign = amountNanos < 0n ? '−' : '';
  if (size === 0n) return '$0.00';
  if (size >= nanosPerCent) {
    const cents = (size + nanosPerCent / 2n) / nanosPerCent;
    return `${sign}$${grouped(cents / 100n)}.${(cents % 100n).toString().padStart(2, '0')}`;
  }
  const fraction = (size % nanosPerUsd).toString().padStart(9, '0');
  const firstDigit = fraction.search(/[1-9]/);
  return `${sign}$0.${fraction.slice(0, firstDigit + 2).replace(/0+$/, '')}`;
}

/** Writes a count with thousands apart. */
export function countText(count: bigint | number): string {
  return grouped(BigInt(count));
}

/** Writes a share of a whole in percent with one decimal; a whole of nothing has no share. */
export function shareText(part: bigint, whole: bigint): string {
  if (whole === 0n) return '–';
  const permille = (part * 1000n) / whole;
  const size = permille < 0n ? -permille : permille;
  return `${permille < 0n ? '−' : ''}${size / 10n}.${size % 10n} %`;
}

/** Length of a bar in whole units of a scale; at least 1 for anything above nothing. */
export function barLength(part: bigint, largest: bigint, scale: number): number {
  if (part <= 0n || largest <= 0n) return 0;
  return Math.max(1, Number((part * BigInt(scale)) / largest));
}

function grouped(whole: bigint): string {
  return whole.toString().replace(/\B(?=(\d{3})+$)/g, ',');
}
