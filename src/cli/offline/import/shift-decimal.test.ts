import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePricePerMillion } from '../../../domain/money/money.ts';
import { shiftDecimal } from './shift-decimal.ts';

describe('shifting a decimal', () => {
  it.each([
    ['0.00000015', '0.15'],
    ['1.5e-07', '0.15'],
    ['3E-6', '3'],
    ['.000001', '1'],
    ['0', '0'],
    ['0.000', '0'],
    ['2', '2000000'],
    ['1_0', '10000000'],
    ['1e-30', '0.000000000000000000000001'],
    ['+0.0000025', '2.5'],
  ])('makes of %s per token %s per million', (text, expected) => {
    expect(shiftDecimal(text, 6)).toBe(expected);
  });

  it.each(['', '.', '-1', '1,5', '0x10', 'NaN', '.inf', '1e', '1e9999', '9'.repeat(80)])('refuses %j', (text) => {
    expect(shiftDecimal(text, 6)).toBeUndefined();
  });

  it('loses no digit, however the number is written', () => {
    const digits = fc.bigInt({ min: 0n, max: 10n ** 15n });
    fc.assert(
      fc.property(digits, fc.integer({ min: 0, max: 12 }), fc.boolean(), (unscaled, scale, isExponent) => {
        const padded = unscaled.toString().padStart(scale + 1, '0');
        const plain = scale === 0 ? padded : `${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
        const shifted = shiftDecimal(isExponent ? `${unscaled}e-${scale}` : plain, 6) ?? '';
        expect(shifted).toMatch(/^(0|[1-9]\d*)(\.\d*[1-9])?$/);
        const [whole = '', fraction = ''] = shifted.split('.');
        expect(BigInt(whole + fraction.padEnd(12, '0'))).toBe((unscaled * 10n ** 18n) / 10n ** BigInt(scale));
        expect(parsePricePerMillion(shifted)).toBeDefined();
      }),
    );
  });
});
