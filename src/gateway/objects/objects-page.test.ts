import { describe, expect, it } from 'vitest';
import { Fault } from '../../domain/faults/fault.ts';
import { pageOf } from './objects-page.ts';

const newestFirst = ['e', 'd', 'c', 'b', 'a'].map((id) => ({ id }));

function page(query: string): string {
  const found = pageOf(newestFirst, new URLSearchParams(query), 100);
  if (Fault.is(found)) return found.param ?? '';
  return found.items.map(({ id }) => id).join('') + (found.hasMore ? '+' : '');
}

describe('a page', () => {
  it.each([
    ['', 'edcba'],
    ['order=asc', 'abcde'],
    ['limit=2', 'ed+'],
    ['limit=2&after=d', 'cb+'],
    ['limit=2&after=b', 'a'],
    ['limit=5&after=e&order=asc', ''],
    ['before=c', 'ed'],
    ['after=e&before=b', 'dc'],
    ['after=gone', ''],
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['limit=x', 'limit'],
    ['order=up', 'order'],
  ])('of %j is %j', (query, expected) => {
    expect(page(query)).toBe(expected);
  });
});
