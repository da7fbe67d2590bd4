import { describe, expect, it } from 'vitest';
import { wordOf } from './word-of.ts';

describe('text of a foreign value', () => {
  it.each([
    ['weather', 'weather'],
    [0, '0'],
    [true, 'true'],
    [null, 'none'],
    [{ toString: 'data' }, 'none'],
    [[{ toString: 'data' }], 'none'],
  ])('of %j is %s', (value, text) => {
    expect(wordOf(value, 'none')).toBe(text);
  });
});
