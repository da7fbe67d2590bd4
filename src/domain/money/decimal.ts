/** A decimal as unscaled integer and number of fraction digits; exact, never through a float. */
export interface Decimal {
  readonly unscaled: bigint;
  readonly scale: number;
}

const decimalPattern = /^([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/;
const maxTextLength = 64;
const maxExponent = 40;

/** Reads a non-negative decimal from its text; undefined when the text is none, or longer than any price or amount. */
export function parseDecimal(text: string): Decimal | undefined {
  if (text.length > maxTextLength) return undefined;
  const match = decimalPattern.exec(text.trim());
  if (!match) return undefined;
  const [, whole = '0', fraction = '', exponent = '0'] = match;
  const shift = Number(exponent);
  if (Math.abs(shift) > maxExponent) return undefined;
  return { unscaled: BigInt(whole + fraction), scale: fraction.length - shift };
}

/** The decimal times 10^digits as an integer, rounded half-even; says whether nothing was lost. */
export function scaleDecimal(decimal: Decimal, digits: number): { readonly value: bigint; readonly exact: boolean } {
  const shift = digits - decimal.scale;
  if (shift >= 0) return { value: decimal.unscaled * 10n ** BigInt(shift), exact: true };
  const divisor = 10n ** BigInt(-shift);
  const value = divideHalfEven(decimal.unscaled, divisor);
  return { value, exact: value * divisor === decimal.unscaled };
}

/** Divides non-negative integers, rounding halves to the even neighbour. */
export function divideHalfEven(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  const twice = (dividend - quotient * divisor) * 2n;
  if (twice > divisor || (twice === divisor && (quotient & 1n) === 1n)) return quotient + 1n;
  return quotient;
}
