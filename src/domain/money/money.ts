import { divideHalfEven, parseDecimal, scaleDecimal } from './decimal.ts';

export { divideHalfEven } from './decimal.ts';

/** 1 nano-USD = 1000 pico-USD. */
export const picosPerNano = 1000n;

/** 1 pico-USD = 10^9 zepto-USD: parts per million of parts per thousand of a pico, so that shares of shares stay whole. */
export const zeptosPerPico = 1_000_000_000n;

/** 1 nano-USD = 10^12 zepto-USD. */
export const zeptosPerNano = zeptosPerPico * picosPerNano;

/** The largest amount in nano-USD that the database and every reader can hold: about 9.2 billion dollars. */
export const maxAmountNanos = 2n ** 63n - 1n;

/** Whether an amount can be stored; one that cannot is refused, never wrapped or clipped. */
export function isStorableAmount(amountNanos: bigint): boolean {
  return amountNanos <= maxAmountNanos && amountNanos >= -maxAmountNanos;
}

/** What a catalog's figures mean: dollars per million units, dollars per unit, cents per unit. */
export type PriceUnit = 'usdPerMillion' | 'usdPerUnit' | 'centsPerUnit';

/** Digits from one of a price unit to pico-USD per unit. */
const picoDigits: { readonly [Unit in PriceUnit]: number } = { usdPerMillion: 6, usdPerUnit: 12, centsPerUnit: 10 };

/** A price in pico-USD per unit. `exact` is false when the text had digits below one pico and was snapped. */
export interface ParsedPrice {
  readonly picosPerUnit: bigint;
  readonly exact: boolean;
}

/**
 * Reads a price from its source text, whatever unit the source uses. `dynamic` is a catalog's `-1`: the price is made
 * at the time of the call. Undefined when the text is no price.
 */
export function parseUnitPrice(text: string, unit: PriceUnit): ParsedPrice | 'dynamic' | undefined {
  if (/^\s*-1(\.0+)?\s*$/.test(text)) return 'dynamic';
  const decimal = parseDecimal(text);
  if (!decimal) return undefined;
  const scaled = scaleDecimal(decimal, picoDigits[unit]);
  return { picosPerUnit: scaled.value, exact: scaled.exact };
}

/**
 * Reads a price in USD per million units from its source text as pico-USD per unit.
 * `exact` is false when the text has digits below one pico; undefined when the text is no price.
 */
export function parsePricePerMillion(text: string): { picosPerToken: bigint; exact: boolean } | undefined {
  const parsed = parseUnitPrice(text, 'usdPerMillion');
  return parsed === undefined || parsed === 'dynamic'
    ? undefined
    : { picosPerToken: parsed.picosPerUnit, exact: parsed.exact };
}

/** Reads a ratio such as `0.85` as parts per million; undefined when it is none, or finer than one part per million. */
export function parseRatioAsPpm(text: string): bigint | undefined {
  const decimal = parseDecimal(text);
  const scaled = decimal && scaleDecimal(decimal, 6);
  return scaled?.exact === true ? scaled.value : undefined;
}

/**
 * Reads a decimal text as an integer of 10^-digits, halves to the even neighbour: USD per unit at 12 digits are
 * pico-USD. `exact` is false when there were more digits; undefined when the text is no non-negative decimal.
 */
export function parseScaled(text: string, digits: number): { value: bigint; exact: boolean } | undefined {
  const decimal = parseDecimal(text);
  return decimal && scaleDecimal(decimal, digits);
}

/** Reads an amount in USD from its source text as nano-USD, rounding below one nano half-even. */
export function parseUsdAsNanos(text: string): bigint | undefined {
  const decimal = parseDecimal(text);
  return decimal && scaleDecimal(decimal, 9).value;
}

/** Writes nano-USD for people: `$0.000012345`, at least two decimals. */
export function formatNanosAsUsd(amountNanos: bigint): string {
  return formatUsd(amountNanos, 9);
}

/** Writes pico-USD per unit as people know prices, in dollars per million units: `$2.50`. */
export function formatPicosAsUsdPerMillion(picosPerUnit: bigint): string {
  return formatUsd(picosPerUnit, 6);
}

/** Writes parts per million as a factor: `0.85`. */
export function formatPpm(ppm: bigint): string {
  const digits = ppm.toString().padStart(7, '0');
  const fraction = digits.slice(-6).replace(/0+$/, '');
  return fraction === '' ? digits.slice(0, -6) : `${digits.slice(0, -6)}.${fraction}`;
}

/** The share of an amount, rounded once, half-even; negative amounts mirror positive ones. */
export function shareOfNanos(amountNanos: bigint, ppm: bigint): bigint {
  if (amountNanos < 0n) return -shareOfNanos(-amountNanos, ppm);
  return divideHalfEven(amountNanos * ppm, 1_000_000n);
}

function formatUsd(amount: bigint, fractionDigits: number): string {
  const sign = amount < 0n ? '-' : '';
  const digits = (amount < 0n ? -amount : amount).toString().padStart(fractionDigits + 1, '0');
  const fraction = digits.slice(-fractionDigits).replace(/0+$/, '').padEnd(2, '0');
  return `${sign}$${digits.slice(0, -fractionDigits)}.${fraction}`;
}
