import { expect, test } from 'vitest';
import { codeOfStatus } from './code-of-status.ts';

test('a status says whose fault a failure is where the body does not', () => {
  const statuses = [400, 401, 402, 404, 413, 418, 424, 429, 500, 502, 503, 504, 529, 599];
  expect(statuses.map((status) => `${status} ${codeOfStatus(status)}`)).toEqual([
    '400 upstream_rejected',
    '401 upstream_auth',
    '402 upstream_quota',
    '404 upstream_model_gone',
    '413 too_large',
    '418 upstream_rejected',
    '424 upstream_error',
    '429 upstream_rate_limited',
    '500 upstream_error',
    '502 upstream_error',
    '503 upstream_overloaded',
    '504 upstream_timeout',
    '529 upstream_overloaded',
    '599 upstream_error',
  ]);
  expect(codeOfStatus(200)).toBeUndefined();
});
