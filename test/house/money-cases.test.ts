import { describe, expect, it } from 'vitest';
import { readSources } from './source-text.ts';

/** Golden cases of money that were computed by hand before they were built: rating, catalogs, budgets, books, meters. */
const lastCase = 80;

describe('numbered cases of money', () => {
  const named = new Set<number>();
  for (const { lines } of readSources(['src', 'test', 'sdk'], (path) => path.endsWith('.test.ts'))) {
    for (const [, list = ''] of lines.join('\n').matchAll(/\[money (\d+(?:, \d+)*)\]/g)) {
      for (const number of list.split(', ')) named.add(Number(number));
    }
  }

  it('each have a test that names them', () => {
    const all = Array.from({ length: lastCase }, (_, index) => index + 1);
    expect(all.filter((number) => !named.has(number))).toEqual([]);
  });

  it('are named only as far as they go', () => {
    expect([...named].filter((number) => number < 1 || number > lastCase)).toEqual([]);
  });
});
