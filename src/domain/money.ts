/** 1 nano-USD = 1000 pico-USD. */
export const picosPerNano = 1000n;

const picosPerTokenPerUsdPerMillion = 1_000_000n;
const decimalPattern = /^([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/;

/** A decimal as unscaled integer and number of fraction digits; exact, never through a float. */
interface Decimal {
  readonly unscaled: bigint;
  readonly scale: number;
}

function parseDecimal(text: string): Decimal | undefined {
  const match = decimalPattern.exec(text.trim());
  if (!match) return undefined;
  const [, whole = '0', fraction = '', exponent = '0'] = match;
  if (text.length > 64) return undefined;
  const shift = Number(exponent);
  if (Math.abs(shift) > 40) return undefined;
  return { unscaled: BigInt(whole + fraction), scale: fraction.length - shift };
}

function scaleTo(decimal: Decimal, digits: number): { value: bigint; exact: boolean } {
  const shift = digits - decimal.scale;
  if (shift >= 0) return { value: decimal.unscaled * 10n ** BigInt(shift), exact: true };
  const divisor = 10n ** BigInt(-shift);
  const value = divideHalfEven(decimal.unscaled, divisor);
  return { value, exact: value * divisor === decimal.unscaled };
}

/** Divides non-negative integers, rounding halves to the even neighbour. */
export function divideHalfEven(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  const twice = (dividend % divisor) * 2n;
  if (twice > divisor || (twice === divisor && quotient % 2n === 1n)) return quotient + 1n;
  return quotient;
}

/**
 * Reads a price in USD per million units from its source text as pico-USD per unit.
 * `exact` is false when the text has digits below one pico; undefined when the text is no price.
 */
export function parsePricePerMillion(text: string): { picosPerToken: bigint; exact: boolean } | undefined {
  const decimal = parseDecimal(text);
  if (!decimal) return undefined;
  const scaled = scaleTo(decimal, picosPerTokenPerUsdPerMillion.toString().length - 1);
  return { picosPerToken: scaled.value, exact: scaled.exact };
}

/** Reads an amount in USD from its source text as nano-USD, rounding below one nano half-even. */
export function parseUsdAsNanos(text: string): bigint | undefined {
  const decimal = parseDecimal(text);
  return decimal && scaleTo(decimal, 9).value;
}

/** Writes nano-USD for people: `$0.000012345`, at least two decimals. */
export function formatNanosAsUsd(amountNanos: bigint): string {
  const sign = amountNanos < 0n ? '-' : '';
  const digits = (amountNanos < 0n ? -amountNanos : amountNanos).toString().padStart(10, '0');
  const fraction = digits.slice(-9).replace(/0+$/, '').padEnd(2, '0');
  return `${sign}$${digits.slice(0, -9)}.${fraction}`;
}
