import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { divideHalfEven, formatNanosAsUsd, parsePricePerMillion, parseUsdAsNanos } from './money.ts';

describe('prices per million', () => {
  it('become pico-USD per token without passing through a float', () => {
    expect(parsePricePerMillion('0.15')).toEqual({ picosPerToken: 150_000n, exact: true });
    expect(parsePricePerMillion('0.0028')).toEqual({ picosPerToken: 2_800n, exact: true });
    expect(parsePricePerMillion('1e-3')).toEqual({ picosPerToken: 1_000n, exact: true });
    expect(parsePricePerMillion('15')).toEqual({ picosPerToken: 15_000_000n, exact: true });
    expect(parsePricePerMillion('0')).toEqual({ picosPerToken: 0n, exact: true });
  });

  it('are snapped to the nearest pico and marked when the text has more digits', () => {
    expect(parsePricePerMillion('0.25599999')).toEqual({ picosPerToken: 256_000n, exact: false });
    expect(parsePricePerMillion('0.08333333333333333')).toEqual({ picosPerToken: 83_333n, exact: false });
  });

  it('are refused when the text is no price', () => {
    for (const text of ['', '-1', 'free', '1,5', '0x10', '1e999', 'NaN', '1'.repeat(100)]) {
      expect(parsePricePerMillion(text)).toBeUndefined();
    }
  });
});

describe('amounts', () => {
  it('are read and written as decimal text', () => {
    expect(parseUsdAsNanos('5.00')).toBe(5_000_000_000n);
    expect(formatNanosAsUsd(5_000_000_000n)).toBe('$5.00');
    expect(formatNanosAsUsd(7_800n)).toBe('$0.0000078');
    expect(formatNanosAsUsd(-1n)).toBe('-$0.000000001');
  });

  it('survive a round trip through their text', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 18n }), (nanos) => {
        expect(parseUsdAsNanos(formatNanosAsUsd(nanos).slice(1))).toBe(nanos);
      }),
    );
  });
});

describe('rounding', () => {
  it('sends halves to the even neighbour', () => {
    expect([5n, 15n, 25n, 24n, 26n].map((value) => divideHalfEven(value, 10n))).toEqual([0n, 2n, 2n, 2n, 3n]);
  });
});
