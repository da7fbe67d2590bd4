import { expect, it } from 'vitest';
import { readTests } from './read-tests.ts';

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64');

it('tests come from the request, else from the job, else there are none', () => {
  const job = { language: 'python', tests: 'assert one() == 1' };
  expect(readTests(undefined, job)).toEqual({ ...job, prelude: '' });
  expect(readTests(encoded({ tests: 'assert two()' }), job)).toEqual({
    language: 'python',
    tests: 'assert two()',
    prelude: '',
  });
  const own = { language: 'javascript', tests: 'x', prelude: 'function f() {' };
  expect(readTests(encoded(own), {})).toEqual(own);
  expect(readTests(undefined, {})).toBeUndefined();
});

it.each([
  ['not base64 of JSON'],
  [encoded([1])],
  [encoded({ tests: 3, language: 'python' })],
  [encoded({ tests: 'x' })],
])('tests that cannot be read are refused (%#)', (header) => {
  expect(readTests(header, {})).toMatchObject({ code: 'invalid_request', param: 'x-switchyard-tests' });
});
