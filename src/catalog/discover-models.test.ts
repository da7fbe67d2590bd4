import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readModelList } from './discover-models.ts';

describe('list of a model server', () => {
  it('is read by its ids', () => {
    expect(readModelList('{"object":"list","data":[{"id":"a","object":"model"},{"id":"org/b:7b"}]}')).toEqual([
      'a',
      'org/b:7b',
    ]);
    expect(readModelList('{"object":"list","data":[]}')).toEqual([]);
  });

  it.each([
    'null',
    '[]',
    '{}',
    'plain text',
    '{"data":[{"id":"a"}]}',
    '{"object":"list","data":{}}',
    '{"object":"list","data":[{"id":7}]}',
    '{"object":"list","data":[{"id":""}]}',
    '{"object":"list","data":["a"]}',
    '{"object":"list","data":[{"id":"a","object":"file"}]}',
    `{"object":"list","data":[{"id":"${'x'.repeat(201)}"}]}`,
  ])('is not %s', (text) => {
    expect(readModelList(text)).toBeUndefined();
  });

  it('is bounded, and never throws', () => {
    const many = JSON.stringify({ object: 'list', data: Array.from({ length: 2000 }, (_, at) => ({ id: `m${at}` })) });
    expect(readModelList(many)).toHaveLength(500);
    fc.assert(fc.property(fc.json(), (text) => void readModelList(text)));
  });
});
