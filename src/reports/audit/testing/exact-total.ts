import type { SyntheticCall } from './log-writers.ts';

/** Prices in USD per million as text, from a time on. */
export interface TextPrice {
  readonly fromMs: number;
  readonly input: string;
  readonly output: string;
  readonly cacheRead?: string;
  readonly cacheWrite?: string;
  readonly reasoning?: string;
  /** Strictly above this much input everything costs this instead. */
  readonly above?: { readonly units: number; readonly input: string; readonly output: string };
}

/** A fraction of whole numbers. */
interface Fraction {
  readonly top: bigint;
  readonly bottom: bigint;
}

/**
 * Cost of calls by schoolbook fractions, call by call, rounded half to even at a billionth of a dollar. Written apart
 * from the product and sharing nothing with it, so that both must be right to agree.
 */
export function exactTotalNanos(
  calls: readonly SyntheticCall[],
  pricesOf: (call: SyntheticCall) => readonly TextPrice[],
): bigint {
  let total = 0n;
  for (const call of calls) {
    const price = pricesOf(call).findLast(({ fromMs }) => fromMs <= call.atMs);
    if (!price) throw new Error(`the test has no price for ${call.model}`);
    total += costNanos(call, price);
  }
  return total;
}

function costNanos(call: SyntheticCall, price: TextPrice): bigint {
  const isAbove = price.above !== undefined && call.input > price.above.units;
  const input = isAbove && price.above ? price.above.input : price.input;
  const output = isAbove && price.above ? price.above.output : price.output;
  const parts: readonly (readonly [number, string])[] = [
    [call.input - call.cacheRead - call.cacheWrite, input],
    [call.cacheRead, price.cacheRead ?? input],
    [call.cacheWrite, price.cacheWrite ?? input],
    [call.output - call.reasoning, output],
    [call.reasoning, price.reasoning ?? output],
  ];
  let sum: Fraction = { top: 0n, bottom: 1n };
  for (const [units, usdPerMillion] of parts) {
    const { top, bottom } = fractionOf(usdPerMillion);
    const part = { top: BigInt(units) * top * 1_000_000_000n, bottom: bottom * 1_000_000n };
    sum = { top: sum.top * part.bottom + part.top * sum.bottom, bottom: sum.bottom * part.bottom };
  }
  return halfEven(sum);
}

function fractionOf(decimal: string): Fraction {
  const [whole = '0', digits = ''] = decimal.split('.');
  return { top: BigInt(whole + digits), bottom: 10n ** BigInt(digits.length) };
}

function halfEven({ top, bottom }: Fraction): bigint {
  const floor = top / bottom;
  const twice = 2n * (top - floor * bottom);
  if (twice < bottom) return floor;
  if (twice > bottom) return floor + 1n;
  return floor % 2n === 0n ? floor : floor + 1n;
}
