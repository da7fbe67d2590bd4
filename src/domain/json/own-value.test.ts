import { describe, expect, it } from 'vitest';
import { ownValue } from './own-value.ts';

describe('a value of a table', () => {
  it('is found by its own word only, never by what objects inherit', () => {
    const table = { stop: 1 };
    expect(ownValue(table, 'stop')).toBe(1);
    for (const word of ['constructor', '__proto__', 'toString', 'halt']) expect(ownValue(table, word)).toBeUndefined();
  });
});
