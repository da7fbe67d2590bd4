import { divideHalfEven } from '../money/decimal.ts';

/** One cent in nano-USD: fees are divided into parts that can be paid. */
export const nanosPerCent = 10_000_000n;

/**
 * Divides a whole by weights so that the parts add up to it: each gets its floor, and what is left goes, one unit at a
 * time, to the largest remainders; of equal ones to the earlier. What is smaller than a unit goes to the first of them.
 */
export function apportion(total: bigint, weights: readonly bigint[], unit = 1n): bigint[] {
  const weightSum = weights.reduce((sum, weight) => sum + weight, 0n);
  if (weightSum <= 0n) throw new RangeError('A whole cannot be divided without a weight.');
  if (total < 0n) return apportion(-total, weights, unit).map((part) => -part);
  const units = total / unit;
  const shares = weights.map((weight, index) => ({
    index,
    floor: (units * weight) / weightSum,
    remainder: (units * weight) % weightSum,
  }));
  const rest = units - shares.reduce((sum, { floor }) => sum + floor, 0n);
  const parts = shares.map(({ floor }) => floor * unit);
  const byRemainder = shares.toSorted(
    (one, other) => Number(other.remainder > one.remainder) - Number(other.remainder < one.remainder),
  );
  for (const { index } of byRemainder.slice(0, Number(rest))) parts[index] = (parts[index] ?? 0n) + unit;
  const first = byRemainder[0]?.index ?? 0;
  parts[first] = (parts[first] ?? 0n) + (total % unit);
  return parts;
}

/** Divides by a positive number, halves to the even neighbour, on either side of zero. */
export function divideSigned(dividend: bigint, divisor: bigint): bigint {
  return dividend < 0n ? -divideHalfEven(-dividend, divisor) : divideHalfEven(dividend, divisor);
}

/** An amount rounded once to what can be paid, and what is carried to the next invoice: `exact = rounded + carry`. */
export function roundToMinorUnit(
  exactNanos: bigint,
  minorDigits = 2,
): { readonly roundedNanos: bigint; readonly carryNanos: bigint } {
  const unit = 10n ** BigInt(9 - minorDigits);
  const roundedNanos = divideSigned(exactNanos, unit) * unit;
  return { roundedNanos, carryNanos: exactNanos - roundedNanos };
}

/** What is missing to the least a customer has promised to pay. */
export function trueUpOf(commitmentNanos: bigint, usedNanos: bigint): bigint {
  return commitmentNanos > usedNanos ? commitmentNanos - usedNanos : 0n;
}
