import fc from 'fast-check';
import { expect, it } from 'vitest';
import { numberText, parseNumbersAsText } from './json-numbers.ts';

function restore(value: unknown): unknown {
  const number = numberText(value);
  if (number !== undefined) return Number(number);
  if (Array.isArray(value)) return value.map(restore);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, restore(inner)]));
}

it.each(['0.0000006000000000000001', '9007199254740993', '-1', '1e-7', '2.5E+3'])('keeps the digits of %s', (text) => {
  expect(numberText(parseNumbersAsText(text))).toBe(text);
  expect(parseNumbersAsText(`{"price":${text},"text":"${text}"}`)).toMatchObject({ text });
});

it('reads everything else as JSON.parse does', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const json = JSON.stringify(value);
      expect(restore(parseNumbersAsText(json))).toEqual(JSON.parse(json));
    }),
  );
});

it.each(['01', '1.', '.5', '1e', '--1', '1-2', '{"a":1 2}', '', 'NaN'])('refuses %j as JSON.parse does', (text) => {
  expect(() => parseNumbersAsText(text)).toThrow(SyntaxError);
});
