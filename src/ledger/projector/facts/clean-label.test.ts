import { expect, test } from 'vitest';
import { cleanLabel, LabelCache } from './clean-label.ts';

const hard = ['web', '', 'a\0b', 'half \uD800 pair', 'x'.repeat(300), 'whole \u{1F600} pair'];

test('a cached label is the one that cleaning gives, however often it is asked for and whatever was forgotten', () => {
  const cache = new LabelCache(2);
  for (let round = 0; round < 3; round += 1) {
    for (const text of hard) expect(cache.clean(text)).toBe(cleanLabel(text));
  }
  expect(cache.clean(undefined)).toBe('');
});

test('a label that rows cannot hold is cut and mended', () => {
  expect(cleanLabel('a\0b')).toBe('a\uFFFDb');
  expect(cleanLabel('half \uD800 pair')).toBe('half \uFFFD pair');
  expect(cleanLabel('x'.repeat(300))).toHaveLength(200);
});
