import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readArguments } from './read-arguments.ts';

describe('tool arguments as an object', () => {
  it.each(['', '{}', 'null', '"null"', '""', '[1]', '5', 'nonsense'])('[scenario 48] are empty for %j', (text) => {
    expect(readArguments(text)).toEqual({});
  });

  it('[scenario 50] keep what came whole, wherever the output limit cut', () => {
    const whole = JSON.stringify({ a: 'x"},{', b: [1, { c: null }, 'д'], d: { e: true } });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: whole.length }), (cut) => {
        const read = readArguments(whole.slice(0, cut));
        expect(typeof read).toBe('object');
        if (cut > whole.indexOf(',"b"')) expect(read['a']).toBe('x"},{');
      }),
    );
    expect(readArguments('{"a":{"b":[1,2')).toEqual({ a: { b: [1] } });
  });
});
