import { describe, expect, it } from 'vitest';
import { readSources } from './source-text.ts';

/**
 * Behaviours of the gateway that were written down as numbered scenarios before they were built. Each has at least one
 * test whose title names it as `[scenario N]`. Numbers that are missing here belong to parts that do not exist yet.
 */
const scenarios = [...range(1, 44), ...range(46, 70), ...range(72, 79)];

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

describe('numbered scenarios', () => {
  const sources = readSources(['src', 'test', 'scripts', 'bench'], (path) => /\.(test\.ts|mjs|ts)$/.test(path));
  const named = new Set<number>();
  for (const { lines } of sources) {
    // Titles name them; the rows of the fault table become titles.
    for (const [, list = ''] of lines.join('\n').matchAll(/(?:\[scenarios? |scenarios: \[)(\d+(?:, \d+)*)\]/g)) {
      for (const number of list.split(', ')) named.add(Number(number));
    }
  }

  it('each have a test that names them', () => {
    expect(named.size).toBeGreaterThan(0);
    expect(scenarios.filter((number) => !named.has(number))).toEqual([]);
  });

  it('are not claimed before their part exists', () => {
    expect([...named].filter((number) => !scenarios.includes(number))).toEqual([]);
  });
});
