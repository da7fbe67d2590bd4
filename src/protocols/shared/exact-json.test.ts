import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseExact, stringifyExact } from './exact-json.ts';

it.each([
  '{"id":9007199254740993}',
  '[-9007199254740993,123456789012345678901234567890]',
  '{"text":"9007199254740993 \\" 9007199254740993","id":1}',
  '{"small":9007199254740991,"none":0}',
])('keeps every digit of %s', (text) => {
  expect(stringifyExact(parseExact(text))).toBe(text);
});

it('leaves fractions and exponents to JSON', () => {
  expect(parseExact('[1234567890123456.5,1e400,12345678901234567e3]')).toEqual(
    JSON.parse('[1234567890123456.5,1e400,12345678901234567e3]'),
  );
});

it('reads everything else as JSON.parse does', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string(), (value, text) => {
      const json = JSON.stringify([value, text, '1234567890123456']);
      expect(stringifyExact(parseExact(json))).toBe(JSON.stringify(JSON.parse(json)));
    }),
  );
});

it('copes with strings of many megabytes', () => {
  const json = JSON.stringify({ text: 'x"'.repeat(4 * 1024 * 1024), id: '1234567890123456' });
  expect(stringifyExact(parseExact(json))).toHaveLength(json.length);
});
